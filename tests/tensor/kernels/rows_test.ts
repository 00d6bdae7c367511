import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";
import {
  assertAgileMatchesCpu,
  leaveSoiledStorage,
  randomInput,
  randomTensor,
} from "../compare.ts";

/** A shape of up to four axes and a choice of its axes. */
const reduced = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }).chain(
  (shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)), fc.boolean()),
);

Deno.test("Sum equals cpu over any axes", async () => {
  await fc.assert(
    fc.asyncProperty(
      reduced,
      ([shape, axes, keepDims]) =>
        assertAgileMatchesCpu([randomInput(shape, 1)], (x) => [tf.sum(x, axes, keepDims)]),
    ),
    { seed: 11, numRuns: 60 },
  );
});

Deno.test("Sum equals cpu where threads share it, and over no element", async () => {
  await assertAgileMatchesCpu(
    [randomInput([333, 251], 6), randomInput([3, 0], 7), randomInput([2, 140000], 8)],
    (x, empty, wide) => [tf.sum(x, 0), tf.sum(x, 1), tf.sum(empty, 1), tf.sum(wide, 0)],
  );
});

Deno.test("GatherV2 and UnsortedSegmentSum equal cpu, gradients included", async () => {
  const lookup = (x: tf.Tensor) =>
    tf.gather(x, tf.tensor2d([[3, 0, 3], [1, 1, 4]], [2, 3], "int32"));
  await assertAgileMatchesCpu(
    [randomInput([5, 2, 3], 2), randomInput([2, 3, 2, 3], 3)],
    (x, dy) => [
      lookup(x),
      tf.grad(lookup)(x, dy),
      tf.gather(x, tf.tensor1d([2, 0], "int32"), 2),
      tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 1, 0, 7], "int32"), 3),
    ],
  );
});

Deno.test("GatherV2 refuses a row outside the table", async () => {
  await useBackend("agile");
  const table = randomTensor([5, 2], 4);
  assertThrows(
    () => tf.gather(table, tf.tensor1d([5], "int32")),
    InputError,
    "Cannot look rows up: indices must be 0..4, got 5",
  );
});

Deno.test("UnsortedSegmentSum leaves rows without a segment at 0", async () => {
  await useBackend("agile");
  const x = randomTensor([1, 100], 5);
  leaveSoiledStorage();
  const sums = tf.unsortedSegmentSum(x, tf.tensor1d([99], "int32"), 100);
  assertEquals(sums.slice(0, 99).dataSync(), new Float32Array(9900));
});
