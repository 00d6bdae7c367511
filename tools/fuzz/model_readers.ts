import fc from "fast-check";
import { tokenReader } from "../../experiments/measure/token_source.ts";
import { perplexity } from "../../lib/eval/mod.ts";
import { loadEndTokens } from "../../lib/generate/mod.ts";
import {
  loadTokenizer,
  openSafetensors,
  openShards,
  packedCheckpoint,
  readJson,
  readPackedSettings,
  writeAtomically,
  writeSafetensors,
} from "../../lib/io/mod.ts";
import { type Architecture, initializeModel, loadModel, saveModel } from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import type { Reader } from "./fuzz_reader.ts";
import { ggufBytes } from "./gguf_bytes.ts";
import { sampleGguf } from "./gguf_samples.ts";
import { changedBytes, changedJson, joined, jsonBytes } from "./mutations.ts";
import {
  sampleArchitectures,
  sampleGgufTokenizers,
  samplePacked,
  sampleTensors,
  sampleText,
  sampleTokenizers,
  sampleVocabularyFiles,
} from "./samples.ts";
import { sampleStateDict, sampleStorages, torchArchive, torchLegacy } from "./torch_samples.ts";

/** What reads a model's folder and the texts that are given to it. */
export const modelReaders: Record<string, Reader> = {
  safetensors: {
    file: "model.safetensors",
    async prepare(folder) {
      const path = `${folder}/model.safetensors`;
      await writeSafetensors(path, sampleTensors, { format: "pt" });
      const bytes = await Deno.readFile(path);
      const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
      const withData = (json: Uint8Array) => joined(lengthOf(json), json, bytes.subarray(end));
      return fc.oneof(changedBytes(bytes), changedJson(header).map(withData));
    },
    async read(folder) {
      const file = await openSafetensors(`${folder}/model.safetensors`);
      for (const name of file.tensors.keys()) await file.read(name);
    },
  },
  torch: {
    file: "pytorch_model.bin",
    prepare() {
      const archive = (pkl: Uint8Array) => torchArchive(pkl, sampleStorages);
      const legacy = torchLegacy(sampleStateDict, sampleStorages, 2);
      return fc.oneof(
        changedBytes(archive(sampleStateDict), legacy),
        changedBytes(sampleStateDict).map(archive),
      );
    },
    async read(folder) {
      const checkpoint = await openShards(folder);
      for (const name of checkpoint.tensors.keys()) await checkpoint.read(name);
    },
  },
  quantization: {
    file: "quantize_config.json",
    async prepare(folder) {
      await writeSafetensors(`${folder}/model.safetensors`, samplePacked);
      const settings = { bits: 4, group_size: 4, desc_act: true, checkpoint_format: "gptq_v2" };
      return changedJson(settings, { ...settings, quant_method: "awq", version: "gemm" });
    },
    async read(folder) {
      const path = `${folder}/quantize_config.json`;
      const settings = readPackedSettings(await readJson(path), path, "gptq");
      const checkpoint = packedCheckpoint(await openShards(folder), settings);
      for (const name of checkpoint.tensors.keys()) await checkpoint.readMatrix(name);
    },
  },
  index: {
    file: "model.safetensors.index.json",
    async prepare(folder) {
      const shards = [sampleTensors.slice(0, 2), sampleTensors.slice(2)];
      const places: [string, string][] = [];
      for (const [index, tensors] of shards.entries()) {
        await writeSafetensors(`${folder}/${index}.safetensors`, tensors);
        for (const { name } of tensors) places.push([name, `${index}.safetensors`]);
      }
      const map = Object.fromEntries(places);
      return changedJson({ metadata: { total_size: 40 }, weight_map: map });
    },
    async read(folder) {
      const checkpoint = await openShards(folder);
      for (const name of checkpoint.tensors.keys()) await checkpoint.readMatrix(name);
    },
  },
  ...Object.fromEntries(
    Object.entries(sampleArchitectures)
      .map(([family, architecture]) => [`${family} config`, configReader(architecture)]),
  ),
  tokenizer: {
    file: "tokenizer.json",
    prepare: () => changedJson(...sampleTokenizers),
    read: encodeSample,
  },
  vocabulary: vocabularyReader("vocab.json"),
  merges: vocabularyReader("merges.txt"),
  "tokenizer config": vocabularyReader("tokenizer_config.json"),
  "gguf tokenizer": {
    file: "model.gguf",
    prepare: () => changedBytes(...sampleGgufTokenizers.map((metadata) => ggufBytes({ metadata }))),
    read: (folder) => encodeSample(`${folder}/model.gguf`),
  },
  gguf: {
    file: "model.gguf",
    prepare: () => changedBytes(ggufBytes(sampleGguf)),
    read: (folder) => loadModel(`${folder}/model.gguf`),
  },
  "end tokens": {
    file: "generation_config.json",
    async prepare(folder) {
      await writeAtomically(`${folder}/config.json`, '{"eos_token_id": 2}');
      return changedJson({ eos_token_id: [2, 3], temperature: 0.5 }, { eos_token_id: 7 });
    },
    read: loadEndTokens,
  },
  ids: {
    file: "ids.json",
    prepare: () => changedJson([1, 2, 3, 4, 5, 6, 7, 8]),
    read: (folder) => readTokens("ids", folder, "ids.json"),
  },
  text: {
    file: "text.txt",
    async prepare(folder) {
      await writeAtomically(`${folder}/tokenizer.json`, jsonBytes(sampleTokenizers[0]));
      return changedBytes(new TextEncoder().encode(sampleText));
    },
    read: (folder) => readTokens("text", folder, "text.txt"),
  },
};

function lengthOf(header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  return bytes;
}

/** A configuration beside weights that fit it before it is changed; what loads is run. */
function configReader(architecture: Architecture): Reader {
  return {
    file: "config.json",
    async prepare(folder) {
      await useBackend("agile", { native: false });
      const model = await initializeModel("sample", architecture, 0);
      await saveModel(model, folder, "F32");
      return changedJson(JSON.parse(await Deno.readTextFile(`${folder}/config.json`)));
    },
    async read(folder) {
      const model = await loadModel(folder);
      if (model.architecture.maxPositions < 4) return;
      await perplexity(model, Int32Array.of(1, 2, 3, 4), { window: 4 });
    },
  };
}

/** One of the files of a tokenizer as GPT-2's, beside the others; a text is encoded with what loads. */
function vocabularyReader(file: keyof typeof sampleVocabularyFiles): Reader {
  const bytesOf = (content: unknown) =>
    typeof content === "string" ? new TextEncoder().encode(content) : jsonBytes(content);
  return {
    file,
    async prepare(folder) {
      for (const [name, content] of Object.entries(sampleVocabularyFiles)) {
        await writeAtomically(`${folder}/${name}`, bytesOf(content));
      }
      const content = sampleVocabularyFiles[file];
      return typeof content === "string" ? changedBytes(bytesOf(content)) : changedJson(content);
    },
    read: encodeSample,
  };
}

async function encodeSample(path: string): Promise<void> {
  const tokenizer = await loadTokenizer(path);
  tokenizer.decode(tokenizer.encode(sampleText));
}

async function readTokens(kind: "text" | "ids", folder: string, file: string): Promise<void> {
  const model = {
    name: "sample",
    architecture: { ...sampleArchitectures.opt, vocabularySize: 300 },
  };
  await tokenReader(model, folder)({ kind, path: `${folder}/${file}` });
}
