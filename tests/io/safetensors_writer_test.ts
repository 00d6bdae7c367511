import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import {
  type Dtype,
  floatTensor,
  openSafetensors,
  type TensorToWrite,
  type WeightFile,
  writeSafetensors,
} from "../../lib/io/mod.ts";
import { dataArrays } from "../../lib/io/dtypes.ts";
import { withFolder } from "./temporary_folder.ts";

const dtypes = Object.keys(dataArrays) as Dtype[];

/** A tensor of any dtype and up to three dimensions, its bytes arbitrary. */
const anyTensor = fc.record({
  name: fc.string({ unit: "grapheme", maxLength: 8 }),
  dtype: fc.constantFrom(...dtypes),
  shape: fc.array(fc.nat(3), { maxLength: 3 }),
}).chain(({ name, dtype, shape }) => {
  const length = shape.reduce((product, dimension) => product * dimension, 1) *
    dataArrays[dtype].BYTES_PER_ELEMENT;
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes): TensorToWrite => ({
    name,
    dtype,
    shape,
    data: new dataArrays[dtype](bytes.slice().buffer),
  }));
});
const anyTensors = fc.uniqueArray(anyTensor, { selector: ({ name }) => name, maxLength: 6 });
const anyMetadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 });

Deno.test("writeSafetensors() writes what openSafetensors() reads, in any order of the tensors", () =>
  withFolder(async (folder) => {
    const [path, other] = [`${folder}/a.safetensors`, `${folder}/b.safetensors`];
    await fc.assert(
      fc.asyncProperty(anyTensors, anyMetadata, async (tensors, metadata) => {
        await writeSafetensors(path, tensors, metadata);
        const file = await openSafetensors(path);
        assertEquals(Object.entries(file.metadata).sort(), Object.entries(metadata).sort());
        assertEquals(file.tensors.size, tensors.length);
        for (const { name, dtype, shape, data } of tensors) {
          const { offset } = file.tensors.get(name)!;
          assertEquals(offset % dataArrays[dtype].BYTES_PER_ELEMENT, 0);
          assertEquals(await file.read(name), { dtype, shape: [...shape], data });
        }
        const backwards = Object.fromEntries(Object.entries(metadata).reverse());
        await writeSafetensors(other, tensors.toReversed(), backwards);
        assertEquals(await Deno.readFile(other), await Deno.readFile(path));
      }),
      { numRuns: 60 },
    );
  }));

Deno.test("writeSafetensors() writes exactly these bytes", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeSafetensors(path, [
      { name: "w", dtype: "BF16", shape: [1, 2], data: Float32Array.of(1, -2) },
      { name: "x", dtype: "F32", shape: [], data: Float32Array.of(1) },
    ], { format: "pt" });
    const json = '{"__metadata__":{"format":"pt"},' +
      '"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
      '"w":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]}}';
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
    assertEquals(
      await Deno.readFile(path),
      Uint8Array.of(
        ...[padded.length, 0, 0, 0, 0, 0, 0, 0],
        ...new TextEncoder().encode(padded),
        ...[0, 0, 0x80, 0x3f, 0x80, 0x3f, 0, 0xc0],
      ),
    );
  }));

async function floatsOf(file: WeightFile, name: string): Promise<Float32Array> {
  return decodeMatrix(floatTensor(await file.read(name), name));
}

Deno.test("writeSafetensors() rounds float32 data of F16 and BF16 half to even", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const data = Float32Array.of(2049, 2051, 257, 259).subarray(0, 4);
    await writeSafetensors(path, [
      { name: "half", dtype: "F16", shape: [4], data },
      { name: "brain", dtype: "BF16", shape: [4], data },
    ]);
    const file = await openSafetensors(path);
    assertEquals(await floatsOf(file, "half"), Float32Array.of(2048, 2052, 257, 259));
    assertEquals(await floatsOf(file, "brain"), Float32Array.of(2048, 2048, 256, 260));
  }));

Deno.test("writeSafetensors() writes the view it is given, not the buffer behind it", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    await writeSafetensors(path, [
      { name: "F32", dtype: "F32", shape: [2], data },
      { name: "BF16", dtype: "BF16", shape: [2], data },
    ]);
    const file = await openSafetensors(path);
    assertEquals(await floatsOf(file, "F32"), Float32Array.of(2, 3));
    assertEquals(await floatsOf(file, "BF16"), Float32Array.of(2, 3));
  }));

Deno.test("writeSafetensors() refuses bad tensors and writes nothing", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const good: TensorToWrite = {
      name: "w",
      dtype: "F32",
      shape: [2],
      data: Float32Array.of(1, 2),
    };
    const refuses = (tensors: TensorToWrite[], rule: string) =>
      assertRejects(
        () => writeSafetensors(path, tensors),
        InputError,
        `Cannot write tensor ${tensors[0].name} to ${path}: ${rule}`,
      );
    const unique = "names must be unique and not __metadata__";
    await refuses([good, { ...good, dtype: "F16" }], unique);
    await refuses([{ ...good, name: "__metadata__" }], unique);
    for (const shape of [[3], [], [-1, -2], [0.5, 4], [NaN]]) {
      await refuses([{ ...good, shape }], "shape must be integers whose product is 2, got ");
    }
    for (
      const [dtype, wanted] of [["I32", "Int32Array"], ["F64", "Float64Array"]] as const
    ) {
      const rule = `data of ${dtype} must be a ${wanted}, got "Float32Array"`;
      await refuses([{ ...good, dtype }], rule);
    }
    const integers = { ...good, data: Int16Array.of(1, 2) };
    await refuses(
      [{ ...integers, dtype: "F16" }],
      'data of F16 must be a Float16Array, got "Int16',
    );
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
