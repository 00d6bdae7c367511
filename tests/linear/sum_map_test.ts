import { assertEquals } from "@std/assert";
import { floatMatrix } from "../../lib/format/mod.ts";
import { denseMapOf, productMap, splitMap, sumMap } from "../../lib/linear/mod.ts";
import { tf, tidy } from "../../lib/tensor/mod.ts";
import "../tensor/compare.ts";

/** A map of small integers, whose products are exact. */
function map(rows: number, columns: number, numbers: number[], bias?: number[]) {
  const weight = floatMatrix("F32", Float32Array.from(numbers), rows, columns);
  return denseMapOf(weight, bias && Float32Array.from(bias));
}

const x = [1, 2, 3, -4];

Deno.test("sumMap() adds up maps, what follows comes after the sum", () => {
  const before = tf.memory().numTensors;
  {
    using sum = sumMap([
      map(2, 2, [1, 2, 3, 4], [10, 20]),
      map(2, 2, [0, -9, 0, 0]),
      map(2, 2, [5, 0, 0, 6]),
    ]);
    assertEquals(sum.byteLength, 4 * (3 * 4 + 2));
    tidy(() => {
      const value = tf.tensor2d(x, [2, 2]);
      // Rows of x times [[6, -7], [3, 10]] transposed, and the bias.
      assertEquals([...sum.apply(value).dataSync()], [2, 43, 56, -11]);
      assertEquals([...sum.apply(value, { activation: "relu" }).dataSync()], [2, 43, 56, 0]);
    });
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("sumMap() tells its maps which rows to compute in fewer bits", () => {
  using sum = sumMap([
    splitMap(map(1, 2, [0, 0]), map(1, 2, [1, 1])),
    map(1, 2, [2, 2]),
  ]);
  tidy(() => {
    const value = tf.tensor2d(x, [2, 2]);
    assertEquals([...sum.apply(value, { lower: Int32Array.of(0) }).dataSync()], [6, -3]);
  });
});

Deno.test("sumMap() and productMap() keep no tensors but what they return", () => {
  using both = sumMap([
    map(2, 2, [1, 2, 3, 4]),
    productMap(map(2, 1, [1, 2]), map(1, 2, [3, 4])),
  ]);
  const value = tf.tensor2d(x, [2, 2]);
  const before = tf.memory().numTensors;
  const output = both.apply(value);
  assertEquals(tf.memory().numTensors, before + 1);
  tf.dispose([value, output]);
});

Deno.test("productMap() is one map after the other, what follows comes last", () => {
  const before = tf.memory().numTensors;
  {
    using product = productMap(map(2, 1, [1, -1], [0, 7]), map(1, 2, [-2, -3]));
    assertEquals(product.byteLength, 4 * (2 + 2 + 2));
    tidy(() => {
      const value = tf.tensor2d(x, [2, 2]); // becomes -8 and 6
      assertEquals([...product.apply(value).dataSync()], [-8, 15, 6, 1]);
      assertEquals([...product.apply(value, { activation: "relu" }).dataSync()], [0, 15, 6, 1]);
    });
  }
  assertEquals(tf.memory().numTensors, before);
});
