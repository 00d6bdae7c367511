import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { type HeadOperands, scoreTokens, tf, tidy, useBackend } from "../../../lib/tensor/mod.ts";
import { logSoftmax } from "../../eval/log_softmax.ts";
import { assertAgileMatchesCpu, randomInput } from "../compare.ts";

const logit = fc.float({ min: -60, max: 60, noNaN: true });
const pairOfRows = fc.integer({ min: 1, max: 20 }).chain((vocabulary) =>
  fc.tuple(
    fc.array(logit, { minLength: vocabulary, maxLength: vocabulary }),
    fc.array(logit, { minLength: vocabulary, maxLength: vocabulary }),
  )
);

/** Operands whose product are exactly these logits. */
function headOf(logits: number[][]): HeadOperands {
  return { x: tf.tensor2d(logits), weight: tf.eye(logits[0].length) };
}

/** The scores of logits beside those of a reference; the target is the first token. */
function score(reference: number[][], other: number[][]) {
  return tidy(() => {
    const scores = scoreTokens(headOf(other), new Int32Array(other.length), headOf(reference));
    const [loss, referenceLoss, divergence, agreement] = [
      scores.loss,
      scores.referenceLoss!,
      scores.divergence!,
      scores.agreement!,
    ].map((values) => values.dataSync());
    return { loss, referenceLoss, divergence, agreement };
  });
}

Deno.test("scoreTokens() is its composition", async () => {
  for (
    const [rows, vocabulary, depth, other] of [[1, 1, 1, 1], [3, 5, 7, 2], [200, 1100, 33, 20]]
  ) {
    const targets = Int32Array.from({ length: rows }, (_, row) => (row * 37) % vocabulary);
    const inputs = [[rows, depth], [vocabulary, depth], [rows, other], [vocabulary, other]];
    await assertAgileMatchesCpu(
      [...inputs, [vocabulary]].map((shape, seed) => randomInput(shape, seed)),
      (...operands) => {
        const [x, weight, referenceX, referenceWeight] = operands as tf.Tensor2D[];
        const bias = operands[4] as tf.Tensor1D;
        const reference = { x: referenceX, weight: referenceWeight };
        return [
          ...Object.values(scoreTokens({ x, weight }, targets)),
          ...Object.values(scoreTokens({ x, weight, bias }, targets, reference)),
          ...Object.values(scoreTokens(reference, targets, { x, weight, bias })),
        ];
      },
    );
  }
});

Deno.test("scoreTokens() composes some rows at a time of a large vocabulary", async () => {
  const [rows, vocabulary] = [4, 2 ** 20 + 1];
  await assertAgileMatchesCpu(
    [randomInput([rows, 1], 1), randomInput([vocabulary, 1], 2)],
    (x, weight) => {
      const head = { x, weight } as HeadOperands;
      return [scoreTokens(head, Int32Array.of(0, 5, vocabulary - 1, 7)).loss];
    },
  );
});

for (const backend of ["agile", "cpu"]) {
  Deno.test(`scoreTokens() is the definition, row by row: ${backend}`, async () => {
    await useBackend(backend);
    fc.assert(fc.property(pairOfRows, ([p, q]) => {
      const { loss, referenceLoss, divergence } = score([p, q], [q, p]);
      for (const [row, [a, b]] of [[p, q], [q, p]].entries()) {
        const logA = logSoftmax(a);
        const logB = logSoftmax(b);
        const expected = logA.reduce((sum, log, i) => sum + Math.exp(log) * (log - logB[i]), 0);
        assert(divergence[row] >= 0);
        assertAlmostEquals(divergence[row], expected, 1e-5 * (1 + expected));
        assertAlmostEquals(referenceLoss[row], -logA[0], 1e-5 * (1 - logA[0]));
        assertAlmostEquals(loss[row], -logB[0], 1e-5 * (1 - logB[0]));
      }
    }));
    await useBackend("agile");
  });
}

Deno.test("scoreTokens() of known distributions", () => {
  const logs = (...shares: number[]) => shares.map(Math.log);
  const { loss, referenceLoss, divergence, agreement } = score(
    [logs(0.5, 0.5), logs(0.25, 0.75)],
    [logs(0.25, 0.75), logs(0.5, 0.5)],
  );
  assertAlmostEquals(loss[0], Math.log(4), 1e-7);
  assertAlmostEquals(referenceLoss[0], Math.log(2), 1e-7);
  assertAlmostEquals(divergence[0], 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 1e-7);
  assertAlmostEquals(divergence[1], 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 1e-7);
  assertEquals([...agreement], [0, 0]);
});

Deno.test("scoreTokens() finds no divergence and full agreement with itself", () => {
  fc.assert(fc.property(pairOfRows, ([row]) => {
    const { loss, referenceLoss, divergence, agreement } = score([row, row], [row, row]);
    assertEquals(loss, referenceLoss);
    assertEquals([...divergence], [0, 0]);
    assertEquals([...agreement], [1, 1]);
  }));
});

Deno.test("scoreTokens() takes the first of several most likely tokens", () => {
  const ties = [[1, 5, 5], [1, 5, 5], [1, 1, 9, 1, 1, 9]];
  const others = [[0, 2, 1], [0, 1, 2], [1, 1, 1, 1, 1, 9]];
  const agreement = ties.map((row, index) => score([row], [others[index]]).agreement[0]);
  assertEquals(agreement, [1, 0, 0]);
});

Deno.test("scoreTokens() refuses shapes and targets that do not fit", () => {
  const zeros = (...shape: [number, number]) => tf.zeros<tf.Rank.R2>(shape);
  const refused = (message: string, targets: number[], ...heads: (() => HeadOperands)[]) =>
    assertThrows(
      () =>
        tidy(() => {
          const [head, reference] = heads.map((make) => make());
          return scoreTokens(head, Int32Array.from(targets), reference);
        }),
      InputError,
      `Cannot score tokens: ${message}`,
    );
  const fitting = () => ({ x: zeros(2, 3), weight: zeros(7, 3) });
  const rule = "x and weight must be [rows, in] and [vocabulary, in], got";
  const unfit = () => ({ x: zeros(2, 3), weight: zeros(7, 4) });
  refused(`${rule} [[2,3],[7,4]]`, [0, 0], unfit);
  refused(`${rule} [[2,3],[7,4]]`, [0, 0], fitting, unfit);
  refused(`${rule} [[0,3],[7,3]]`, [], () => ({ x: zeros(0, 3), weight: zeros(7, 3) }));
  const biased = () => ({ ...fitting(), bias: tf.zeros<tf.Rank.R1>([6]) });
  refused("bias must be [7], got [6]", [0, 0], biased);
  const other = "the reference must have 2 rows and 7 tokens, got";
  refused(`${other} [2,6]`, [0, 0], fitting, () => ({ x: zeros(2, 1), weight: zeros(6, 1) }));
  refused(`${other} [3,7]`, [0, 0], fitting, () => ({ x: zeros(3, 1), weight: zeros(7, 1) }));
  refused("targets must number 2, got 1", [0], fitting);
  refused("targets must be 0..6, got 7", [0, 7], fitting);
  refused("targets must be 0..6, got -1", [-1, 6], fitting);
});
