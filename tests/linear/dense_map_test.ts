import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeMatrix,
  encodeFloats,
  floatMatrix,
  type StoredMatrix,
} from "../../lib/format/mod.ts";
import { denseMap, denseMapOf } from "../../lib/linear/mod.ts";
import { freeBytes, tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";
import { eightBitWeights, fourBitWeights, noNumbers } from "./integer_operands.ts";

const [columns, rows] = [200, 21];
const values = randomFloats(rows * columns, 1);
const bias = randomFloats(rows, 2);
const x = randomFloats(3 * columns, 3);

const stored: Record<string, StoredMatrix> = {
  "F32": floatMatrix("F32", values, rows, columns),
  "F16": floatMatrix("F16", encodeFloats(values, "F16"), rows, columns),
  "BF16": floatMatrix("BF16", encodeFloats(values, "BF16"), rows, columns),
  ...fourBitWeights,
  ...eightBitWeights,
};

/** `x W^T + b` in float64. */
function product(weight: Float32Array, bias: ArrayLike<number> = new Float32Array(rows)): number[] {
  return Array.from({ length: 3 * rows }, (_, at) => {
    const [token, row] = [Math.floor(at / rows), at % rows];
    let sum = bias[row];
    for (let c = 0; c < columns; c++) sum += x[token * columns + c] * weight[row * columns + c];
    return sum;
  });
}

for (const [form, matrix] of Object.entries(stored)) {
  Deno.test(`denseMapOf() multiplies by what a stored matrix decodes to: ${form}`, () => {
    const before = tf.memory();
    {
      using map = denseMapOf(matrix, bias);
      assertEquals(map.byteLength, 4 * rows * (columns + 1));
      assertEquals(tf.memory().numBytes - before.numBytes, map.byteLength);
      const expected = product(decodeMatrix(matrix), bias);
      tidy(() => {
        const output = map.apply(tf.tensor2d(x, [3, columns]));
        assertEquals(output.shape, [3, rows]);
        assertFloatsClose(tensorData(output), expected, 1e-6);
      });
    }
    assertEquals(tf.memory().numTensors, before.numTensors);
  });
}

Deno.test("denseMapOf() is joined by what follows, and goes without a bias", () => {
  using map = denseMapOf(stored.F32);
  assertEquals(map.byteLength, 4 * rows * columns);
  const expected = product(values);
  tidy(() => {
    const input = tf.tensor2d(x, [3, columns]);
    const followed = tensorData(map.apply(input, { activation: "relu" }));
    assertFloatsClose(followed, expected.map((each) => Math.max(each, 0)), 1e-6);
    assertFloatsClose(tensorData(map.apply(input)), expected, 1e-6);
  });
});

Deno.test("denseMap() owns the tensors that it is given", () => {
  const before = tf.memory().numTensors;
  const map = denseMap(tf.tensor2d(values, [rows, columns]), tf.tensor1d(bias));
  const { weight, bias: added } = map.floats!;
  assertEquals([tensorData(weight), tensorData(added!)], [values, bias]);
  const output = tidy(() => tensorData(map.apply(tf.tensor2d(x, [3, columns]))).slice());
  assertFloatsClose(output, product(values, bias), 1e-6);
  map[Symbol.dispose]();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("denseMapOf() lasts beyond the tidying of where it was made", () => {
  const before = tf.memory().numTensors;
  const made = new DisposableStack();
  tidy(() => {
    made.use(denseMapOf(stored.F32, bias));
  });
  assertEquals(tf.memory().numTensors, before + 2);
  made.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("denseMapOf() keeps nothing where its weight or bias is refused", () => {
  const before = [freeBytes(), tf.memory().numTensors];
  const decode = () => {
    throw new Error("refused");
  };
  const matrix = { rows, columns, byteLength: 0, form: "F32", decode };
  assertThrows(() => denseMapOf(matrix, bias), Error, "refused");
  assertThrows(() => denseMapOf(stored.F32, noNumbers));
  assertEquals([freeBytes(), tf.memory().numTensors], before);
});
