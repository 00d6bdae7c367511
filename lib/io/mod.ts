/**
 * Files: JSON and text, safetensors, checkpoints in Hugging Face layout, tokenizers. With lib/tensor
 * the only part of the library that touches the system.
 */
export { Checkpoint, openCheckpoint } from "./checkpoint.ts";
export { type Dtype, isFloat, type TensorData } from "./dtypes.ts";
export { exists, hashFile, hashFiles, readJson, readText, requireModelFolder } from "./files.ts";
export { isObject } from "./json.ts";
export { type TensorInfo } from "./safetensors_header.ts";
export { openSafetensors, SafetensorsFile, type TensorReader } from "./safetensors_reader.ts";
export { type TensorToWrite, writeSafetensors } from "./safetensors_writer.ts";
export { loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { prepareFolder, removeUnlocked, writeAtomically } from "./write.ts";
