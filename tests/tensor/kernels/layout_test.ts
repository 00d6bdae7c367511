import fc from "fast-check";
import { tf } from "../../../lib/tensor/mod.ts";
import { assertAgileMatchesCpu, randomInput } from "../compare.ts";

/** A shape of up to four axes and a permutation of its axes. */
const permuted = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }).chain(
  (shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }),
    ),
);

Deno.test("Transpose equals cpu for any permutation", async () => {
  await fc.assert(
    fc.asyncProperty(
      permuted,
      ([shape, axes]) =>
        assertAgileMatchesCpu([randomInput(shape, 1)], (x) => [tf.transpose(x, axes)], 0),
    ),
    { seed: 5, numRuns: 80 },
  );
});

Deno.test("Transpose equals cpu for heads of a long row", async () => {
  await assertAgileMatchesCpu(
    [randomInput([2, 5, 3, 100], 2)],
    (x) => [tf.transpose(x, [0, 2, 1, 3]), tf.transpose(x, [3, 1, 0, 2])],
    0,
  );
});

Deno.test("Transpose, Slice and PadV2 equal cpu where threads share them", async () => {
  const orders = [[0, 2, 1], [2, 1, 0], [1, 0, 2], [2, 0, 1]];
  await assertAgileMatchesCpu(
    [randomInput([5, 82, 163], 6)],
    (x) => [
      ...orders.map((order) => tf.transpose(x, order)),
      tf.slice(x, [1, 3, 5], [4, 77, 150]),
      tf.pad(x, [[1, 0], [2, 3], [0, 4]]),
    ],
    0,
  );
});

Deno.test("Slice and PadV2 equal cpu for any box", async () => {
  const axis = fc.tuple(fc.nat(3), fc.nat(4), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 4 }), async (axes) => {
      const shape = axes.map(([before, size, after]) => before + size + after);
      const begin = axes.map(([before]) => before);
      const size = axes.map(([, size]) => size);
      const paddings = axes.map(([before, , after]): [number, number] => [before, after]);
      await assertAgileMatchesCpu(
        [randomInput(shape, 3)],
        (x) => [tf.slice(x, begin, size), tf.pad(x, paddings, 0.5)],
        0,
      );
    }),
    { seed: 9, numRuns: 60 },
  );
});

Deno.test("SplitV and Unpack equal cpu along any axis", async () => {
  for (const axis of [0, 1, 2, -1]) {
    await assertAgileMatchesCpu(
      [randomInput([4, 4, 4], 4)],
      (x) => [...tf.split(x, 2, axis), ...tf.split(x, [1, 3], axis), ...tf.unstack(x, axis)],
      0,
    );
  }
});

Deno.test("Slice takes -1 for the rest of an axis", async () => {
  await assertAgileMatchesCpu([randomInput([4, 6], 4)], (x) => [tf.slice(x, [1, 2], [-1, 3])], 0);
});
