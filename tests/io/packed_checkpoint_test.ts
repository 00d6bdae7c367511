import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { AffineMatrix, decodeMatrix } from "../../lib/format/mod.ts";
import {
  openShards,
  packedCheckpoint,
  type PackedSettings,
  type TensorToWrite,
  writeSafetensors,
} from "../../lib/io/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { withFolder } from "./temporary_folder.ts";

const settings: PackedSettings = {
  method: "gptq",
  bits: 4,
  groupSize: 4,
  zeroOffset: 0,
  actOrder: false,
};

/** A map of eight outputs and inputs. */
const parts: TensorToWrite[] = [
  { name: "map.qweight", dtype: "I32", shape: [1, 8], data: new Int32Array(8).fill(0x76543210) },
  { name: "map.qzeros", dtype: "I32", shape: [2, 1], data: Int32Array.of(0, 0x11111111) },
  { name: "map.scales", dtype: "F16", shape: [2, 8], data: new Float32Array(16).fill(0.5) },
  { name: "map.g_idx", dtype: "I32", shape: [8], data: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1) },
];
const bias: TensorToWrite = {
  name: "map.bias",
  dtype: "F16",
  shape: [8],
  data: new Float32Array(8).fill(3),
};
const row = [0, 0.5, 1, 1.5, 1.5, 2, 2.5, 3];

async function opened(folder: string, tensors: TensorToWrite[], changes?: Partial<PackedSettings>) {
  await writeSafetensors(`${folder}/model.safetensors`, tensors);
  return packedCheckpoint(await openShards(folder), { ...settings, ...changes });
}

Deno.test("packedCheckpoint() has one weight for the parts of a map, and the rest as it was", () =>
  withFolder(async (folder) => {
    const checkpoint = await opened(folder, [...parts, bias]);
    assertEquals(checkpoint.path, folder);
    assertEquals(checkpoint.files, [`${folder}/model.safetensors`]);
    assertEquals(checkpoint.unlisted, []);
    assertEquals([...checkpoint.tensors.keys()].sort(), ["map.bias", "map.weight"]);
    const byteLength = 32 + 8 + 32 + 32;
    const facts = {
      dtype: "GPTQ 4 bits in groups of 4",
      shape: [8, 8],
      byteLength,
      readable: true,
    };
    assertEquals(checkpoint.tensors.get("map.weight"), facts);
    const weight = await checkpoint.readMatrix("map.weight");
    assertInstanceOf(weight, AffineMatrix);
    assertInstanceOf((weight as AffineMatrix).scale, Float16Array); // held as they are stored
    assertEquals([...decodeMatrix(weight)], Array(8).fill(row).flat());
    assertEquals([...decodeMatrix(await checkpoint.readMatrix("map.bias"))], Array(8).fill(3));
    assertStrictEquals(checkpoint.onDisk("map.weight"), undefined);
  }));

Deno.test("packedCheckpoint() needs no g_idx where groups are of neighbours", () =>
  withFolder(async (folder) => {
    const checkpoint = await opened(folder, parts.slice(0, 3));
    const weight = await checkpoint.readMatrix("map.weight");
    assertEquals([...decodeMatrix(weight)].slice(0, 8), row);
  }));

Deno.test("packedCheckpoint() reads AWQ's layout, whose words lie along the outputs", () =>
  withFolder(async (folder) => {
    const [qweight, qzeros, scales] = parts;
    const turned = { ...qweight, shape: [8, 1] };
    const tensors = [turned, { ...qzeros, data: new Int32Array(2) }, scales];
    const checkpoint = await opened(folder, tensors, { method: "awq" });
    assertEquals(checkpoint.tensors.get("map.weight")!.dtype, "AWQ 4 bits in groups of 4");
    const weight = await checkpoint.readMatrix("map.weight");
    const expected = [0, 4, 1, 5, 2, 6, 3, 7].flatMap((code) => Array(8).fill(code / 2));
    assertEquals([...decodeMatrix(weight)], expected);
    await assertRejects(
      () => opened(folder, parts.slice(0, 3), { method: "awq" }),
      InputError,
      "its shape must be [1,1] by the 4 bits and groups of 4 that its settings say, got [1,8]",
    );
  }));

Deno.test("packedCheckpoint() leaves a matrix on the disk that is not packed", () =>
  withFolder(async (folder) => {
    const data = Float32Array.of(1, 2);
    const head: TensorToWrite = { name: "head.weight", dtype: "F32", shape: [1, 2], data };
    const checkpoint = await opened(folder, [...parts, head]);
    assertEquals(decodeMatrix(checkpoint.onDisk("head.weight")!), data);
  }));

Deno.test("packedCheckpoint() refuses parts that the settings contradict, by name", () =>
  withFolder(async (folder) => {
    const [qweight, qzeros, scales, index] = parts;
    const refuses = (part: string, rule: string, changed: TensorToWrite[], changes?: object) =>
      assertRejects(
        () => opened(folder, changed, changes),
        InputError,
        `Cannot read tensor map.${part} of ${folder}: ${rule}`,
      );
    const says = (bits: number, size: unknown) =>
      `by the ${bits} bits and groups of ${size} that its settings say, got`;
    await refuses("qzeros", `its shape must be [4,1] ${says(4, 2)} [2,1]`, parts, { groupSize: 2 });
    await refuses(
      "qzeros",
      `its shape must be [1,1] ${says(4, "all inputs")} [2,1]`,
      parts,
      { groupSize: Infinity },
    );
    await refuses("qweight", `its shape must be [2,8] ${says(8, 4)} [1,8]`, parts, { bits: 8 });
    const wide = { ...scales, shape: [1, 16] };
    await refuses("qweight", `its shape must be [1,16] ${says(4, 4)} [1,8]`, [
      qweight,
      qzeros,
      wide,
      index,
    ]);
    const there = "the model must have it beside map.qweight";
    await refuses("scales", there, [qweight, qzeros, index]);
    await refuses("qzeros", there, [qweight, scales, index]);
    await refuses("g_idx", there, [qweight, qzeros, scales], { actOrder: true });
    const floats = { ...qweight, dtype: "F32" as const, data: new Float32Array(8) };
    await refuses("qweight", 'dtype must be I32, got "F32"', [floats, qzeros, scales]);
    const flat = { ...qweight, shape: [8] };
    await refuses("qweight", "it must have 2 dimensions, got [8]", [flat, qzeros, scales]);
    const weight: TensorToWrite = { ...bias, name: "map.weight" };
    const file = `${folder}/model.safetensors`;
    await assertRejects(
      () => opened(folder, [...parts, weight]),
      InputError,
      `Cannot read tensor map.weight of ${file}: there must be no map.qweight besides, as ${file} has it`,
    );
    await assertRejects(
      () => opened(folder, [weight]),
      InputError,
      `Cannot load ${folder}: a checkpoint of GPTQ 4 bits in groups of 4 must have tensors *.qweight, ` +
        `got ["${file}"]`,
    );
  }));

Deno.test("packedCheckpoint() refuses a group that is none", () =>
  withFolder(async (folder) => {
    const index = { ...parts[3], data: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 2) };
    const checkpoint = await opened(folder, [...parts.slice(0, 3), index]);
    await assertRejects(
      () => checkpoint.readMatrix("map.weight"),
      InputError,
      `Cannot store map.weight of ${folder}: its groups must lie in 0..1, got 2`,
    );
  }));

const checkpoints: [name: string, settings: PackedSettings][] = [
  ["gptq-3bit-g32", { method: "gptq", bits: 3, groupSize: 32, zeroOffset: 1, actOrder: false }],
  ["gptq-4bit-g32", { method: "gptq", bits: 4, groupSize: 32, zeroOffset: 1, actOrder: false }],
  ["gptq-4bit-g32-act-order", {
    method: "gptq",
    bits: 4,
    groupSize: 32,
    zeroOffset: 1,
    actOrder: false,
  }],
  ["gptq-8bit-g-1", {
    method: "gptq",
    bits: 8,
    groupSize: Infinity,
    zeroOffset: 1,
    actOrder: false,
  }],
];

for (const [name, settings] of checkpoints) {
  Deno.test(`packedCheckpoint() gives the weights of another reader, bit for bit: ${name}`, async () => {
    const folder = `tests/golden/checkpoints/${name}`;
    const checkpoint = packedCheckpoint(await openShards(folder), settings);
    const { tensors } = readGolden(`checkpoints/${name}/goldens.safetensors`);
    const golden = [...tensors].filter(([key]) => key.startsWith("dequantized."));
    assertEquals(golden.length, 2);
    for (const [key, { shape, data }] of golden) {
      const weight = await checkpoint.readMatrix(key.slice("dequantized.".length));
      assertEquals([weight.rows, weight.columns], shape);
      assertEquals(decodeMatrix(weight) as unknown, data);
    }
  });
}
