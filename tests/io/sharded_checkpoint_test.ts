import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import {
  openShards,
  type TensorToWrite,
  weightFiles,
  writeAtomically,
  writeSafetensors,
} from "../../lib/io/mod.ts";
import { pickle, pickledTensor, torchArchive } from "../../tools/fuzz/torch_samples.ts";
import { withFolder } from "./temporary_folder.ts";

const embedding: TensorToWrite = {
  name: "embedding",
  dtype: "F16",
  shape: [2],
  data: Float32Array.of(1, 2),
};
const head: TensorToWrite = {
  name: "head",
  dtype: "F32",
  shape: [1, 2],
  data: Float32Array.of(3, 4),
};
const embeddingMatrix = floatMatrix("F16", Float16Array.of(1, 2), 1, 2);
const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

async function writeShards(folder: string): Promise<void> {
  await writeSafetensors(`${folder}/${shards[0]}`, [embedding]);
  await writeSafetensors(`${folder}/${shards[1]}`, [head]);
}

async function writeIndex(folder: string, index: unknown): Promise<string> {
  const path = `${folder}/model.safetensors.index.json`;
  await writeAtomically(path, JSON.stringify(index));
  return path;
}

async function refuses(folder: string, message: string): Promise<void> {
  await assertRejects(() => openShards(folder), InputError, message);
}

Deno.test("openShards() opens model.safetensors", () =>
  withFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    await writeSafetensors(path, [embedding, head]);
    await writeIndex(folder, "not looked at");
    const checkpoint = await openShards(folder);
    assertEquals(checkpoint.path, folder);
    assertEquals(checkpoint.files, [path]);
    assertEquals([...checkpoint.tensors.keys()], ["head", "embedding"]);
    assertEquals(checkpoint.unlisted, []);
    assertEquals(checkpoint.tensors.get("head")?.shape, [1, 2]);
    assertEquals(await checkpoint.readMatrix("embedding"), embeddingMatrix);
    assertEquals(decodeMatrix(await checkpoint.readMatrix("head")), Float32Array.of(3, 4));
  }));

Deno.test("openShards() opens shards, and only what the index lists", () =>
  withFolder(async (folder) => {
    await writeShards(folder);
    await writeSafetensors(`${folder}/${shards[1]}`, [head, { ...head, name: "unlisted" }]);
    await writeIndex(folder, { weight_map: { head: shards[1], embedding: shards[0] } });
    const checkpoint = await openShards(folder);
    const paths = shards.map((shard) => `${folder}/${shard}`);
    assertEquals(checkpoint.files, paths);
    assertEquals([...checkpoint.tensors.keys()], ["head", "embedding"]);
    assertEquals(checkpoint.unlisted, ["unlisted"]);
    assertEquals((await checkpoint.read("head")).data, head.data);
    assertEquals(await checkpoint.readMatrix("embedding"), embeddingMatrix);
    await assertRejects(
      () => checkpoint.read("unlisted"),
      InputError,
      `Cannot read tensor unlisted of ${folder}: the model must have it`,
    );
  }));

Deno.test("openShards() refuses a folder without weights, or that is none", () =>
  withFolder(async (folder) => {
    const rule = "the folder must have model.safetensors or model.safetensors.index.json or " +
      "pytorch_model.bin or pytorch_model.bin.index.json";
    await refuses(folder, `Cannot open ${folder}: ${rule}`);
    await refuses(`${folder}/missing`, `Cannot open ${folder}/missing: ${rule}`);
    await writeAtomically(`${folder}/file`, "");
    await refuses(`${folder}/file`, `Cannot read ${folder}/file/model.safetensors: `);
  }));

/** A file of PyTorch that holds one F16 vector under this name. */
function torchBytes(name: string, ...values: number[]): Uint8Array {
  const tensor = pickledTensor({ storage: "HalfStorage", key: "0", count: values.length });
  const state = pickle.of(pickle.dict([name, tensor]));
  return torchArchive(state, { "0": new Uint8Array(Float16Array.from(values).buffer) });
}

Deno.test("openShards() opens pytorch_model.bin, after safetensors", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/pytorch_model.bin`, torchBytes("embedding", 1, 2));
    const checkpoint = await openShards(folder);
    assertEquals(checkpoint.files, [`${folder}/pytorch_model.bin`]);
    assertEquals(await checkpoint.readMatrix("embedding"), embeddingMatrix);
    await writeSafetensors(`${folder}/model.safetensors`, [head]);
    assertEquals((await openShards(folder)).files, [`${folder}/model.safetensors`]);
  }));

Deno.test("openShards() opens shards of pytorch_model.bin", () =>
  withFolder(async (folder) => {
    const shards = { embedding: "a.bin", head: "b.bin" };
    await Deno.writeFile(`${folder}/a.bin`, torchBytes("embedding", 1, 2));
    await Deno.writeFile(`${folder}/b.bin`, torchBytes("head", 3, 4));
    const index = `${folder}/pytorch_model.bin.index.json`;
    await writeAtomically(index, JSON.stringify({ weight_map: shards }));
    const checkpoint = await openShards(folder);
    assertEquals(checkpoint.files, [`${folder}/a.bin`, `${folder}/b.bin`]);
    assertEquals(await checkpoint.readMatrix("embedding"), embeddingMatrix);
    assertEquals(decodeMatrix(await checkpoint.readMatrix("head")), Float32Array.of(3, 4));
  }));

Deno.test("openShards() refuses a malformed index", () =>
  withFolder(async (folder) => {
    await writeShards(folder);
    for (const index of [[], {}, { weight_map: null }, { weight_map: [shards[0]] }]) {
      const path = await writeIndex(folder, index);
      await refuses(folder, `Cannot read ${path}: it must have an object weight_map`);
    }
    const path = await writeIndex(folder, { weight_map: {} });
    await refuses(folder, `Cannot read ${path}: weight_map must not be empty`);
    await writeAtomically(path, "{");
    await refuses(folder, `Cannot read ${path}: the file must be JSON, got `);
  }));

Deno.test("openShards() refuses shards outside of the folder", () =>
  withFolder(async (folder) => {
    await writeShards(folder);
    const inner = `${folder}/inner`;
    const names = [`../${shards[0]}`, `${folder}/${shards[0]}`, "..", ".", "", "a\\b", "a\0", 7];
    for (const shard of names) {
      const path = await writeIndex(inner, { weight_map: { embedding: shard } });
      await refuses(
        inner,
        `Cannot read ${path}: weight_map must name a file in the same folder for embedding, got ` +
          JSON.stringify(shard),
      );
    }
  }));

Deno.test("openShards() refuses missing shards and tensors that are elsewhere", () =>
  withFolder(async (folder) => {
    await writeShards(folder);
    const path = await writeIndex(folder, {
      weight_map: { embedding: shards[0], head: shards[0] },
    });
    await refuses(
      folder,
      `Cannot read tensor head of ${folder}/${shards[0]}: ${path} places it there`,
    );
    await writeIndex(folder, { weight_map: { embedding: shards[0], head: "model-3.safetensors" } });
    await refuses(folder, `Cannot read ${folder}/model-3.safetensors: the file must exist`);
  }));

Deno.test("weightFiles() names what openShards() looks for, the one that it opens first", () =>
  withFolder(async (folder) => {
    assertEquals(await weightFiles(folder), []);
    const index = "pytorch_model.bin.index.json";
    for (const name of [index, "pytorch_model.bin", "model.safetensors", "other.safetensors"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    assertEquals(await weightFiles(folder), ["model.safetensors", "pytorch_model.bin", index]);
  }));

Deno.test("ShardedCheckpoint.fileOf() names the shard of a tensor", () =>
  withFolder(async (folder) => {
    await writeShards(folder);
    await writeIndex(folder, { weight_map: { embedding: shards[0], head: shards[1] } });
    const checkpoint = await openShards(folder);
    assertEquals(checkpoint.fileOf("head"), `${folder}/${shards[1]}`);
    assertThrows(() => checkpoint.fileOf("none"), InputError, "the model must have it");
  }));
