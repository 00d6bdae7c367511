import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  type BlockMatrix,
  blockMatrix,
  type BlockTypeName,
  blockTypes,
  isBlockType,
} from "../../lib/format/block_matrix.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { someRows } from "./arbitrary_values.ts";

const { tensors } = readGolden("format/ggml_blocks.safetensors");
const names = Object.keys(blockTypes) as BlockTypeName[];

/** The golden matrix of a type: two rows of two random blocks. */
function golden(type: BlockTypeName): { matrix: BlockMatrix; values: Float32Array } {
  const { shape: [rows, columns], data } = tensors.get(`${type}.values`)!;
  const blocks = tensors.get(`${type}.blocks`)!.data as Uint8Array;
  return { matrix: blockMatrix(type, blocks, rows, columns), values: data as Float32Array };
}

for (const name of names) {
  Deno.test(`BlockMatrix.decode() of ${name} gives the reference's values to the bit`, () => {
    const { matrix, values } = golden(name);
    assertEquals(new Int32Array(decodeMatrix(matrix).buffer), new Int32Array(values.buffer));
  });
}

Deno.test("BlockMatrix.decode() gives any rows", () => {
  fc.assert(fc.property(fc.constantFrom(...names), someRows(2), (name, [first, end]) => {
    const { matrix, values } = golden(name);
    const into = new Float32Array((end - first) * matrix.columns);
    matrix.decode(first, into);
    assertEquals(into, values.subarray(first * matrix.columns, end * matrix.columns));
  }));
  const rule = "Cannot read rows of a matrix: they must lie in 0..1, got [2,2]";
  assertThrows(() => golden("Q4_0").matrix.decode(2, new Float32Array(64)), InputError, rule);
});

Deno.test("BlockMatrix.takeRows() gives rows in any order, in the same form", () => {
  for (const name of names) {
    const { matrix, values } = golden(name);
    const { columns } = matrix;
    const taken = matrix.takeRows([1, 0, 1]);
    const [first, second] = [values.subarray(0, columns), values.subarray(columns)];
    assertEquals(decodeMatrix(taken), Float32Array.of(...second, ...first, ...second));
    assertEquals([taken.type, bitsPerWeight(taken)], [name, bitsPerWeight(matrix)]);
  }
  const rule = "they must lie in 0..1, got [-1,-1]";
  assertThrows(() => golden("Q8_0").matrix.takeRows([-1]), InputError, rule);
});

Deno.test("BlockMatrix.byteLength counts scales and all", () => {
  const bits = names.map((name) => [name, bitsPerWeight(golden(name).matrix)]);
  assertEquals(Object.fromEntries(bits), {
    ...{ Q4_0: 4.5, Q4_1: 5, Q5_0: 5.5, Q5_1: 6, Q8_0: 8.5 },
    ...{ Q2_K: 2.625, Q3_K: 3.4375, Q4_K: 4.5, Q5_K: 5.5, Q6_K: 6.5625 },
  });
});

Deno.test("blockMatrix() refuses rows that are no whole blocks, and bytes that do not fit", () => {
  const store = (bytes: number, rows: number, columns: number) =>
    blockMatrix("Q4_1", new Uint8Array(bytes), rows, columns, "down");
  const whole = "Cannot store down: rows of Q4_1 must be a multiple of 32 long, got 48";
  assertThrows(() => store(60, 2, 48), InputError, whole);
  const bytes = "Cannot store down: 2 x 32 values of Q4_1 must take 40 bytes, got 41";
  assertThrows(() => store(41, 2, 32), InputError, bytes);
  assertThrows(() => store(0, 0, 32), InputError, "must be positive integers, got [0,32]");
});

Deno.test("isBlockType() knows the types that are read", () => {
  const known = ["Q4_K", "F16", "IQ4_XS", "toString"].map((name) => isBlockType(name));
  assertEquals(known, [true, false, false, false]);
});

Deno.test("BlockMatrix.free() gives its memory back", () => {
  const matrix = blockMatrix("Q8_0", new Uint8Array(34), 1, 32);
  matrix.free();
  assertEquals(matrix.byteLength, 0);
});
