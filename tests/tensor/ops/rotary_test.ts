import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { rotary, rotaryTable, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";
import { assertFloatsClose, assertSameGradients, randomInput, randomTensor } from "../compare.ts";

/** Frequencies without scaling. */
function frequencies(headDim: number, theta: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => theta ** (-2 * i / headDim));
}

Deno.test("rotary() has the value and gradient of its composition", async () => {
  const many = Array.from({ length: 300 }, (_, position) => position);
  for (const positions of [[0, 1, 2, 3, 7, 9, 100], many]) {
    for (const headDim of [2, 4, 6, 16]) {
      const table = rotaryTable(positions, frequencies(headDim, 10000), 1.25);
      await assertSameGradients(
        [randomInput([positions.length, 3 * headDim], 1)],
        (x) => rotary(x as tf.Tensor2D, table, headDim),
      );
    }
  }
});

Deno.test("rotaryTable() gives each call the angles that it asks for", () => {
  const last = (positions: number[], frequencies: number[], magnitude?: number) =>
    rotaryTable(positions, frequencies, magnitude).cos.slice(-2);
  const cosines = (...angles: number[]) => Float32Array.from(angles, Math.cos);
  assertEquals(last([1, 2], [1, 0.1]), cosines(2, 0.2));
  assertEquals(last([1, 3], [1, 0.1]), cosines(3, 3 * 0.1));
  assertEquals(last([1, 3], [1, 0.01]), cosines(3, 0.03));
  assertEquals(last([1, 3], [1, 0.01], 0.5), cosines(3, 0.03).map((each) => each / 2));
  assertEquals(last([1, 3], [1, 0.01]), cosines(3, 0.03));
  assertEquals(last([1, 3], [1]), cosines(1, 3));
  assertEquals(last([5, 1, 3], [1]), cosines(1, 3));
  assertEquals(rotaryTable([5, 1], [1]).cos, cosines(5, 1));
  assertFloatsClose(rotaryTable([7], [0.25], 3).sin, [3 * Math.sin(7 / 4)], 1e-6);
});

Deno.test("rotary() turns element i and i + headDim / 2 of each head by position theta^(-2i / headDim)", async () => {
  await useBackend("agile");
  const x = randomTensor([1, 8], 2) as tf.Tensor2D;
  const [a, b, c, d, ...rest] = tensorData(x);
  const turned = tensorData(rotary(x, rotaryTable([3], [1, 0.1]), 4));
  const [fast, slow] = [3, 3 / 10];
  assertFloatsClose(turned.subarray(0, 4), [
    a * Math.cos(fast) - c * Math.sin(fast),
    b * Math.cos(slow) - d * Math.sin(slow),
    c * Math.cos(fast) + a * Math.sin(fast),
    d * Math.cos(slow) + b * Math.sin(slow),
  ], 1e-6);
  const second = rotary(tf.tensor2d(rest, [1, 4]), rotaryTable([3], [1, 0.1]), 4);
  assertEquals(turned.slice(4), tensorData(second).slice());
});

Deno.test("rotary() makes products depend on the distance of positions alone", async () => {
  await useBackend("agile");
  const [query, key] = [randomTensor([1, 8], 3), randomTensor([1, 8], 4)] as tf.Tensor2D[];
  const product = (i: number, j: number) =>
    tf.sum(tf.mul(
      rotary(query, rotaryTable([i], frequencies(8, 10000)), 8),
      rotary(key, rotaryTable([j], frequencies(8, 10000)), 8),
    )).dataSync();
  assertFloatsClose(product(5, 2), product(103, 100), 1e-5);
});

Deno.test("rotary() refuses what does not fit", () => {
  const x = randomTensor([2, 12], 1) as tf.Tensor2D;
  const refuses = (call: () => unknown, message: string) =>
    assertThrows(call, InputError, `Cannot rotate positions: ${message}`);
  refuses(
    () => rotary(x, rotaryTable([0], [1]), 3),
    "headDim must be a positive even number, got 3",
  );
  refuses(
    () => rotary(x, rotaryTable([0, 1], frequencies(8, 10000)), 8),
    "x must be [rows, heads * 8], got [2,12]",
  );
  refuses(
    () => rotary(x, rotaryTable([0], frequencies(4, 10000)), 4),
    "the table must have 2 rows of 2, got [2,2]",
  );
});
