/**
 * An independent reader, npm:safetensors 0.0.1, and ours on the same files. The package has no
 * writer, takes a whole file in memory and fails on `__metadata__`, which most files have; the
 * comparison ends there.
 */
import { assertEquals, assertThrows } from "@std/assert";
// @deno-types="./safetensors.d.ts"
import safetensors from "safetensors";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

const tensors: TensorToWrite[] = [
  { name: "half", dtype: "F16", shape: [3], data: Float32Array.of(0.5, -1.25, 65504) },
  { name: "single", dtype: "F32", shape: [2, 1], data: Float32Array.of(1 / 3, -0) },
  { name: "wide", dtype: "I64", shape: [1], data: BigInt64Array.of(-5n) },
  { name: "small", dtype: "I8", shape: [], data: Int8Array.of(-128) },
];

Deno.test("writeSafetensors() without metadata is read alike by another implementation", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, tensors);
    const other = new safetensors.SafeTensor(await Deno.readFile(path));
    const ours = await openSafetensors(path);
    assertEquals([...other.metadata.keys()], [...ours.tensors.keys()]);
    for (const [name, { dtype, shape, offset, byteLength }] of ours.tensors) {
      const data_offsets: [number, number] = [offset, offset + byteLength];
      assertEquals(other.metadata.get(name), { dtype, shape: [...shape], data_offsets });
      assertEquals(
        new Uint8Array(other.getTensor(name)),
        new Uint8Array((await ours.read(name)).data.buffer),
      );
    }
    assertEquals(other.getTensor("half"), Uint8Array.of(0, 0x38, 0, 0xbd, 0xff, 0x7b));
  }));

Deno.test("writeSafetensors() with metadata is beyond the other implementation", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, tensors, { format: "pt" });
    const bytes = await Deno.readFile(path);
    assertThrows(() => new safetensors.SafeTensor(bytes), TypeError);
  }));
