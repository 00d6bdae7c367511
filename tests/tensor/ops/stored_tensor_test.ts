import { assertEquals } from "@std/assert";
import {
  decodeMatrix,
  encodeFloats,
  floatMatrix,
  type StoredMatrix,
} from "../../../lib/format/mod.ts";
import { storedTensor, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";

await useBackend("agile", { native: false });

/** The bits of a tensor of a matrix, those of NaN among them. */
function bitsOf(matrix: StoredMatrix): Uint32Array {
  const tensor = storedTensor(matrix);
  assertEquals(tensor.shape, [matrix.rows, matrix.columns]);
  const bits = new Uint32Array(tensorData(tensor).slice().buffer);
  tensor.dispose();
  return bits;
}

Deno.test("storedTensor() decodes every pattern of binary16 and bfloat16 exactly", () => {
  const patterns = Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern);
  const halves = floatMatrix("F16", new Float16Array(patterns.buffer), 256, 256);
  const expected = new Float32Array(2 ** 16);
  halves.decode(0, expected);
  const found = new Float32Array(bitsOf(halves).buffer);
  for (const [pattern, value] of expected.entries()) {
    if (!Object.is(found[pattern], value)) throw new Error(`${pattern}: ${found[pattern]}`);
  }
  const brains = floatMatrix("BF16", patterns, 256, 256);
  assertEquals(bitsOf(brains), Uint32Array.from(patterns, (pattern) => pattern << 16));
});

for (const dtype of ["F32", "F16", "BF16"] as const) {
  Deno.test(`storedTensor() gives what decodeMatrix() gives, and nothing beside it: ${dtype}`, () => {
    for (const [rows, columns] of [[1, 1], [1, 7], [5, 3], [700, 1023], [3, 400_001]]) {
      const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i + 1));
      const matrix = floatMatrix(dtype, encodeFloats(values, dtype), rows, columns);
      const other: StoredMatrix = {
        ...{ rows, columns, byteLength: 0, form: "another" },
        decode: (first, into) => matrix.decode(first, into),
      };
      const expected = new Uint32Array(decodeMatrix(matrix).buffer);
      assertEquals(bitsOf(matrix), expected);
      assertEquals(bitsOf(other), expected);
    }
  });
}

Deno.test("storedTensor() is the same on other backends, and leaks nothing", async () => {
  const matrix = floatMatrix("F16", Float16Array.of(1, -2, 0.5, 3), 2, 2);
  const before = tf.memory().numTensors;
  const here = bitsOf(matrix);
  await useBackend("cpu");
  try {
    assertEquals(bitsOf(matrix), here);
  } finally {
    await useBackend("agile", { native: false });
  }
  assertEquals(tf.memory().numTensors, before);
});
