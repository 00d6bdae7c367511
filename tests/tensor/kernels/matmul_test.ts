import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";
import {
  assertAgileMatchesCpu,
  assertFloatsClose,
  leaveSoiledStorage,
  randomInput,
  randomTensor,
} from "../compare.ts";

const size = fc.integer({ min: 0, max: 21 });

Deno.test("BatchMatMul equals cpu for any small shape and transposition", async () => {
  const shapes = fc.record({
    m: size,
    n: size,
    k: size,
    batch: fc.constantFrom([], [1], [3], [2, 2]),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ m, n, k, batch, transposeA, transposeB }) => {
      const inputs = [
        randomInput([...batch, ...(transposeA ? [k, m] : [m, k])], 1),
        randomInput([...batch, ...(transposeB ? [n, k] : [k, n])], 2),
      ];
      await assertAgileMatchesCpu(inputs, (a, b) => [tf.matMul(a, b, transposeA, transposeB)]);
    }),
    { seed: 7, numRuns: 100 },
  );
});

Deno.test("BatchMatMul equals cpu across the blocks of the SIMD kernel", async () => {
  for (const [m, n, k] of [[97, 17, 257], [6, 8, 512], [193, 1, 300], [1, 129, 513]]) {
    for (const [transposeA, transposeB] of [[false, true], [true, false]]) {
      const inputs = [
        randomInput(transposeA ? [k, m] : [m, k], 3),
        randomInput(transposeB ? [n, k] : [k, n], 4),
      ];
      await assertAgileMatchesCpu(inputs, (a, b) => [tf.matMul(a, b, transposeA, transposeB)]);
    }
  }
});

Deno.test("BatchMatMul broadcasts batch axes", async () => {
  await useBackend("agile");
  const [a, b] = [randomTensor([2, 1, 3, 4], 5), randomTensor([5, 4, 2], 6)];
  const repeated = tf.matMul(tf.tile(a, [1, 5, 1, 1]), tf.tile(tf.expandDims(b, 0), [2, 1, 1, 1]));
  assertFloatsClose(tf.matMul(a, b).dataSync(), repeated.dataSync(), 0);
});

Deno.test("_FusedMatMul equals cpu with bias and activation", async () => {
  const inputs = [randomInput([5, 7], 7), randomInput([9, 7], 8), randomInput([9], 9)];
  for (const activation of ["linear", "relu", "sigmoid"] as const) {
    await assertAgileMatchesCpu(inputs, (a, b, bias) => [
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, transposeB: true, activation }),
      tf.fused.matMul({
        ...{ a: a as tf.Tensor2D, b: b as tf.Tensor2D, transposeB: true },
        ...{ bias, activation },
      }),
    ]);
  }
});

Deno.test("BatchMatMul over no columns is 0", async () => {
  await useBackend("agile");
  const [a, b] = [tf.zeros([100, 0]), tf.zeros([0, 100])];
  leaveSoiledStorage();
  assertEquals(tf.matMul(a, b).dataSync(), new Float32Array(10000));
});
