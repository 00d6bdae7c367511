import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { compareDistributions } from "../../lib/eval/mod.ts";
import { logSoftmax } from "./log_softmax.ts";

const logit = fc.float({ min: -60, max: 60, noNaN: true });
const pairOfRows = fc.integer({ min: 1, max: 20 }).chain((vocabulary) =>
  fc.tuple(
    fc.array(logit, { minLength: vocabulary, maxLength: vocabulary }),
    fc.array(logit, { minLength: vocabulary, maxLength: vocabulary }),
  )
);

Deno.test("compareDistributions() is the definition of KL divergence, row by row", () => {
  fc.assert(fc.property(pairOfRows, ([p, q]) => {
    const reference = Float32Array.of(...p, ...q);
    const other = Float32Array.of(...q, ...p);
    const { divergence } = compareDistributions(reference, other, 2);
    for (const [row, [a, b]] of [[p, q], [q, p]].entries()) {
      const logA = logSoftmax(a);
      const logB = logSoftmax(b);
      const expected = logA.reduce((sum, log, i) => sum + Math.exp(log) * (log - logB[i]), 0);
      assert(divergence[row] >= 0);
      assertAlmostEquals(divergence[row], expected, 1e-5 * (1 + expected));
    }
  }));
});

Deno.test("compareDistributions() of known distributions", () => {
  const logs = (...shares: number[]) => shares.map(Math.log);
  const { divergence, agreement } = compareDistributions(
    Float32Array.of(...logs(0.5, 0.5), ...logs(0.25, 0.75)),
    Float32Array.of(...logs(0.25, 0.75), ...logs(0.5, 0.5)),
    2,
  );
  assertAlmostEquals(divergence[0], 0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 1e-7);
  assertAlmostEquals(divergence[1], 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 1e-7);
  assertEquals(agreement, Uint8Array.of(0, 0));
});

Deno.test("compareDistributions() finds no divergence and full agreement with itself", () => {
  fc.assert(fc.property(pairOfRows, ([row]) => {
    const rows = Float32Array.of(...row, ...row);
    const { divergence, agreement } = compareDistributions(rows, rows, 2);
    assertEquals(divergence, Float32Array.of(0, 0));
    assertEquals(agreement, Uint8Array.of(1, 1));
  }));
});

Deno.test("compareDistributions() takes the lowest of several most likely tokens", () => {
  const { agreement } = compareDistributions(
    Float32Array.of(1, 5, 5, 1, 5, 5),
    Float32Array.of(0, 2, 1, 0, 1, 2),
    2,
  );
  assertEquals(agreement, Uint8Array.of(1, 0));
});

Deno.test("compareDistributions() refuses shapes that do not fit", () => {
  const message =
    "Cannot compare distributions: both must be 2 rows of logits of equal length, got";
  for (const [a, b] of [[4, 6], [5, 5], [0, 0]]) {
    assertThrows(
      () => compareDistributions(new Float32Array(a), new Float32Array(b), 2),
      InputError,
      `${message} [${a},${b}]`,
    );
  }
});
