import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../../lib/core/mod.ts";
import { causalAttention, tf, tidy } from "../../../lib/tensor/mod.ts";
import { assertAgileMatchesCpu, assertSameGradients, randomInput } from "../compare.ts";
import { attend, cases, optionsOf, rounding, shapesOf } from "./attention_cases.ts";

Deno.test("causalAttention() is its composition", async () => {
  await fc.assert(
    fc.asyncProperty(cases, (each) =>
      assertAgileMatchesCpu(
        shapesOf(each).map((shape, seed) => randomInput(shape, seed)),
        (...tensors) => Object.values(attend(tensors, optionsOf(each))),
      )),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("causalAttention() has the gradients of its composition", async () => {
  await fc.assert(
    fc.asyncProperty(cases, (each) =>
      assertSameGradients(
        shapesOf(each).map((shape, seed) => randomInput(shape, seed)),
        (...tensors) => attend(tensors, optionsOf(each)).output,
        each.normalization === "softpick" ? 1e-4 : 1e-5, // it divides by little near logits of 0
      )),
    { seed: 2, numRuns: 8 },
  );
});

Deno.test("causalAttention() rounds as its composition where the scores are exact", async () => {
  const small = (shape: number[], seed: number) => {
    const random = seededRandom(seed);
    const values = Float32Array.from(
      { length: tf.util.sizeFromShape(shape) },
      () => random.integer(-2, 2),
    );
    return { shape, values };
  };
  await fc.assert(
    fc.asyncProperty(cases, rounding, (each, log2) =>
      assertAgileMatchesCpu(
        shapesOf(each).map(small),
        (...tensors) => {
          // Softpick of a logit that is 0 but for rounding is 0 or just above: worlds apart in powers of two.
          const options = { ...optionsOf(each), normalization: "softmax" as const };
          return Object.values(attend(tensors, { ...options, scale: 0.25, log2 }));
        },
      )),
    { seed: 3, numRuns: 20 },
  );
});

Deno.test("causalAttention() refuses what does not fit", () => {
  tidy(() => {
    const matrix = (rows: number, columns: number) => tf.zeros<tf.Rank.R2>([rows, columns]);
    const refuses = (message: string, q: number[], k: number[], options = {}) =>
      assertThrows(
        () =>
          causalAttention(matrix(q[0], q[1]), matrix(k[0], k[1]), matrix(k[0], k[1]), {
            heads: 4,
            scale: 1,
            ...options,
          }),
        InputError,
        `Cannot attend: ${message}`,
      );
    const rule = "q must be [1 * queries, 4 * headDim], k and v [1 * keys, heads * headDim] " +
      "with no fewer keys and a divisor of the heads, got";
    refuses(`${rule} [[3,10],[3,10],[3,10]]`, [3, 10], [3, 10]);
    refuses(`${rule} [[3,8],[2,8],[2,8]]`, [3, 8], [2, 8]);
    refuses(`${rule} [[3,8],[3,6],[3,6]]`, [3, 8], [3, 6]);
    refuses("slopes must number 4, one per head, got 1", [3, 8], [3, 8], { slopes: [1] });
    refuses("slidingWindow must be positive, got 0", [3, 8], [3, 8], { slidingWindow: 0 });
    const keyPositions = Int32Array.of(0);
    refuses("keyPositions must number 3, one per key, got 1", [3, 8], [3, 8], { keyPositions });
  });
});
