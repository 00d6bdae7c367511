import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { compareDistributions, tf, tidy, useBackend } from "../../../lib/tensor/mod.ts";
import { logSoftmax } from "../../eval/log_softmax.ts";
import { assertAgileMatchesCpu, randomInput } from "../compare.ts";

const logit = fc.float({ min: -60, max: 60, noNaN: true });
const pairOfRows = fc.integer({ min: 1, max: 20 }).chain((vocabulary) =>
  fc.tuple(
    fc.array(logit, { minLength: vocabulary, maxLength: vocabulary }),
    fc.array(logit, { minLength: vocabulary, maxLength: vocabulary }),
  )
);

function compare(reference: number[][], other: number[][]) {
  return tf.tidy(() => {
    const { divergence, agreement } = compareDistributions(
      tf.tensor2d(reference),
      tf.tensor2d(other),
    );
    return { divergence: divergence.dataSync(), agreement: agreement.dataSync() };
  });
}

Deno.test("compareDistributions() is its composition", async () => {
  for (const shape of [[1, 1], [3, 5], [40, 1000]]) {
    await assertAgileMatchesCpu(
      [randomInput(shape, 1), randomInput(shape, 2)],
      (...logits) => {
        const [reference, other] = logits as tf.Tensor2D[];
        return Object.values(compareDistributions(reference, other));
      },
    );
  }
});

for (const backend of ["agile", "cpu"]) {
  Deno.test(`compareDistributions() is the definition of KL divergence, row by row: ${backend}`, async () => {
    await useBackend(backend);
    fc.assert(fc.property(pairOfRows, ([p, q]) => {
      const { divergence } = compare([p, q], [q, p]);
      for (const [row, [a, b]] of [[p, q], [q, p]].entries()) {
        const logA = logSoftmax(a);
        const logB = logSoftmax(b);
        const expected = logA.reduce((sum, log, i) => sum + Math.exp(log) * (log - logB[i]), 0);
        assert(divergence[row] >= 0);
        assertAlmostEquals(divergence[row], expected, 1e-5 * (1 + expected));
      }
    }));
    await useBackend("agile");
  });
}

Deno.test("compareDistributions() of known distributions", () => {
  const logs = (...shares: number[]) => shares.map(Math.log);
  const { divergence, agreement } = compare(
    [logs(0.5, 0.5), logs(0.25, 0.75)],
    [logs(0.25, 0.75), logs(0.5, 0.5)],
  );
  assertAlmostEquals(divergence[0], 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 1e-7);
  assertAlmostEquals(divergence[1], 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 1e-7);
  assertEquals([...agreement], [0, 0]);
});

Deno.test("compareDistributions() finds no divergence and full agreement with itself", () => {
  fc.assert(fc.property(pairOfRows, ([row]) => {
    const { divergence, agreement } = compare([row, row], [row, row]);
    assertEquals([...divergence], [0, 0]);
    assertEquals([...agreement], [1, 1]);
  }));
});

Deno.test("compareDistributions() takes the first of several most likely tokens", () => {
  const ties = [[1, 5, 5], [1, 5, 5], [1, 1, 9, 1, 1, 9]];
  const others = [[0, 2, 1], [0, 1, 2], [1, 1, 1, 1, 1, 9]];
  const agreement = ties.map((row, index) => compare([row], [others[index]]).agreement[0]);
  assertEquals(agreement, [1, 0, 0]);
});

Deno.test("compareDistributions() refuses shapes that do not fit", () => {
  const rule = "Cannot compare distributions: both must be [rows, vocabulary] of equal shape, got";
  const zeros = (shape: number[]) => tf.zeros<tf.Rank.R2>(shape as [number, number]);
  for (const [a, b] of [[[2, 2], [3, 2]], [[2, 3], [2, 2]], [[0, 4], [0, 4]]]) {
    assertThrows(
      () => tidy(() => compareDistributions(zeros(a), zeros(b))),
      InputError,
      `${rule} ${JSON.stringify([a, b])}`,
    );
  }
});
