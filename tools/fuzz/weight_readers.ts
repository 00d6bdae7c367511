import fc from "fast-check";
import {
  openGguf,
  openSafetensors,
  openShards,
  packedCheckpoint,
  parseJson,
  readCompanionFiles,
  readJson,
  readPackedSettings,
  type TensorToWrite,
  writeSafetensors,
} from "../../lib/io/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { changedJson } from "./changed_json.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedGguf } from "./changed_gguf.ts";
import { sampleGguf, sampleRotaryGgufs } from "./gguf_samples.ts";
import { changedBytes, joined } from "./mutations.ts";
import { samplePackings } from "./packed_samples.ts";
import { samplePacked, sampleTensors } from "./samples.ts";
import { requireFound, requireMatrices, requirePacked, requireWhole } from "./sound.ts";
import { changedTorch } from "./changed_torch.ts";

/** What reads weights. */
export const weightReaders: Record<string, Reader> = {
  safetensors: {
    file: "model.safetensors",
    prepare: (folder) => changedSafetensors(folder, [sampleTensors, { format: "pt" }]),
    async read(folder, input) {
      await requireWhole(await openSafetensors(`${folder}/model.safetensors`), input);
      await requireMatrices(await openShards(folder));
    },
  },
  packed: {
    file: "model.safetensors",
    prepare: (folder) =>
      changedSafetensors(
        folder,
        ...samplePackings.map(({ tensors, settings }): Sample => [
          tensors,
          { settings: JSON.stringify(settings) },
        ]),
      ),
    async read(folder) {
      const path = `${folder}/model.safetensors`;
      const { metadata } = await openSafetensors(path);
      const settings = readPackedSettings(parseJson(metadata.settings ?? "{}", path), path);
      const raw = await openShards(folder);
      await requirePacked(packedCheckpoint(raw, settings), raw, settings);
    },
  },
  torch: {
    file: "pytorch_model.bin",
    prepare: changedTorch,
    async read(folder, input) {
      const checkpoint = await openShards(folder);
      for (const name of checkpoint.tensors.keys()) {
        requireFound(await checkpoint.read(name), input);
      }
      await requireMatrices(checkpoint);
    },
  },
  quantization: {
    file: "quantize_config.json",
    async prepare(folder) {
      await writeSafetensors(`${folder}/model.safetensors`, samplePacked);
      const settings = { bits: 4, group_size: 4, desc_act: true, checkpoint_format: "gptq_v2" };
      const awq = { w_bit: 4, q_group_size: 4, quant_method: "awq", version: "gemm" };
      return changedJson(settings, { ...awq, zero_point: true });
    },
    async read(folder) {
      const path = `${folder}/quantize_config.json`;
      const settings = readPackedSettings(await readJson(path), path, "gptq");
      const raw = await openShards(folder);
      await requirePacked(packedCheckpoint(raw, settings), raw, settings);
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
    read: async (folder) => await requireMatrices(await openShards(folder)),
  },
  gguf: {
    file: "model.gguf",
    prepare: () => changedGguf(sampleGguf, ...sampleRotaryGgufs),
    async read(folder) {
      const path = `${folder}/model.gguf`;
      const file = await openGguf(path);
      const readable = [...file.tensors].map(([name, facts]) =>
        [name, { ...facts, readable: true }] as const
      );
      await requireMatrices({
        ...{ path, files: [path], unlisted: [], tensors: new Map(readable) },
        readMatrix: (name) => file.readMatrix(name),
        onDisk: (name) => file.onDisk(name),
      });
      await readCompanionFiles(path);
      await loadModel(path);
    },
  },
};

/** Tensors and metadata of a safetensors file. */
type Sample = [tensors: readonly TensorToWrite[], metadata?: Record<string, string>];

/** Safetensors files with changes anywhere, in the JSON of their headers, or in their data alone. */
export async function changedSafetensors(
  folder: string,
  ...samples: Sample[]
): Promise<fc.Arbitrary<Uint8Array>> {
  const path = `${folder}/sample.safetensors`;
  const changes = await Array.fromAsync(samples, async ([tensors, metadata]) => {
    await writeSafetensors(path, tensors, metadata);
    const bytes = await Deno.readFile(path);
    const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end)));
    const data = bytes.subarray(end);
    return fc.oneof(
      changedBytes(bytes),
      changedJson(header).map((json) => joined(lengthOf(json), json, data)),
      changedBytes(data).map((other) => joined(bytes.subarray(0, end), other)),
    );
  });
  await Deno.remove(path);
  return fc.oneof(...changes);
}

function lengthOf(header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  return bytes;
}
