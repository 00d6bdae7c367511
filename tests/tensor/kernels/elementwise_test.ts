import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";
import { assertAgileMatchesCpu, randomInput } from "../compare.ts";

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 });

const arithmetic = (a: tf.Tensor, b: tf.Tensor) => [
  tf.add(a, b),
  tf.sub(a, b),
  tf.mul(a, b),
  tf.div(a, b),
];

Deno.test("Add, Sub, Multiply and RealDiv equal cpu for whole shapes, rows and scalars", async () => {
  const operands = fc.tuple(shapes, fc.nat(3), fc.boolean());
  await fc.assert(
    fc.asyncProperty(operands, async ([shape, leading, swapped]) => {
      const pair = [randomInput(shape, 1), randomInput(shape.slice(leading), 2)];
      await assertAgileMatchesCpu(swapped ? pair.reverse() : pair, arithmetic, 0);
    }),
    { seed: 3, numRuns: 60 },
  );
});

Deno.test("Add, Sub, Multiply and RealDiv equal cpu across chunks and for other broadcasts", async () => {
  const cases = [
    [[3, 5000], [5000]],
    [[3, 9001], [3, 9001]],
    [[3, 9001], [1, 9001]],
    [[9001], []],
    [[7, 1], [7, 5]],
    [[7, 1], [1, 5]],
    [[1, 1], [4]],
    [[2, 1, 3], [4, 1]],
    [[7, 1], [0]],
    [[257, 301], [257, 1]],
    [[1, 301], [257, 301]],
  ];
  for (const [a, b] of cases) {
    await assertAgileMatchesCpu([randomInput(a, 3), randomInput(b, 4)], arithmetic, 0);
  }
});

Deno.test("Add leaves integers to cpu", async () => {
  await useBackend("agile");
  const sum = tf.add(tf.tensor1d([1, 2], "int32"), tf.tensor1d([3, 4], "int32"));
  assertEquals([sum.dtype, ...sum.dataSync()], ["int32", 4, 6]);
});

Deno.test("Relu, Step, Exp, Sqrt and Square equal cpu, NaN and infinities included", async () => {
  const special = Float32Array.of(NaN, Infinity, -Infinity, 0, -0, 1e-30, -1e-30, 80, -80);
  const inputs = [{ shape: [9], values: special }, randomInput([3, 3001], 5)];
  for (const input of inputs) {
    await assertAgileMatchesCpu([input], (x) => [
      tf.relu(x),
      tf.step(x),
      tf.step(x, 0.5),
      tf.sqrt(tf.abs(x)),
      tf.square(x),
    ], 0);
    await assertAgileMatchesCpu([input], (x) => [tf.exp(x)], 1e-6);
  }
});
