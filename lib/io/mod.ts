/**
 * Files: JSON and text, safetensors, PyTorch's .bin, GGUF, GPTQ and AWQ, checkpoints in Hugging Face layout,
 * tokenizers, and the hub they come from. With lib/tensor the only part of the library that touches
 * the system, and the only one that uses the network.
 */
export type { Checkpoint, CheckpointTensor } from "./checkpoint.ts";
export { type CompanionFiles, readCompanionFiles } from "./companion_files.ts";
export { type Dtype, isFloat, type TensorData } from "./dtypes.ts";
export {
  entriesOf,
  exists,
  hashFile,
  hashFiles,
  isGguf,
  readJson,
  readText,
  removeFile,
  requireModelFolder,
} from "./files.ts";
export { floatTensor } from "./float_tensor.ts";
export { GgufFile, isReadableType, openGguf } from "./gguf_file.ts";
export { type GgufHeader, type GgufTensor, readGgufHeader } from "./gguf_header.ts";
export { ggufEndTokens } from "./gguf_tokenizer.ts";
export type { GgufArray, GgufValue } from "./gguf_values.ts";
export { findSnapshot, type HubOrigin, hubOrigin, type Snapshot } from "./hub_cache.ts";
export { downloadFiles, downloadModel, type DownloadOptions, hasFiles } from "./hub_download.ts";
export { type Hub, hubOfEnvironment } from "./hub_environment.ts";
export { ggufHint, isWholeModel } from "./hub_model_files.ts";
export {
  type DownloadPlan,
  missingBytes,
  planFiles,
  planModel,
  type WantedFile,
} from "./hub_plan.ts";
export { type HubRepository, parseRepository, repositoryText } from "./hub_repository.ts";
export { isObject, parseJson } from "./json.ts";
export { hasRows, readRows } from "./read_rows.ts";
export { joinRows, type RowOptions, type Rows } from "./rows.ts";
export { gptqTensors } from "./gptq_tensors.ts";
export { packedCheckpoint } from "./packed_checkpoint.ts";
export { type PackedSettings, readPackedSettings } from "./packed_settings.ts";
export { persist } from "./persist.ts";
export { NumberedFiles } from "./numbered_files.ts";
export { openSafetensors, SafetensorsFile } from "./safetensors_reader.ts";
export { type TensorToWrite, writeSafetensors } from "./safetensors_writer.ts";
export { readSummed, type SummedTensors, writeSummed } from "./summed_safetensors.ts";
export { ScratchFile, type StoredFloats } from "./scratch_file.ts";
export { openShards, ShardedCheckpoint, weightFiles } from "./sharded_checkpoint.ts";
export { loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { tokenizerFiles, tokenizerHint } from "./tokenizer_source.ts";
export { openUnfinished, type UnfinishedFolder } from "./unfinished_folder.ts";
export { prepareFolder, removeLeftovers, writeAtomically } from "./write.ts";
export type { TensorFacts, TensorValues, WeightFile } from "./weight_file.ts";
export { typedPath } from "./typed_path.ts";
