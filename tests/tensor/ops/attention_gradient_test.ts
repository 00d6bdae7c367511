import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type AttentionOptions, tensorData, tf, tidy } from "../../../lib/tensor/mod.ts";
import { attentionGradient } from "../../../lib/tensor/ops/attention_gradient.ts";
import { assertFloatsClose, randomFloats } from "../compare.ts";
import { type AttentionCase, optionsOf, shapesOf } from "./attention_cases.ts";

const small: fc.Arbitrary<AttentionCase> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  keyValueHeads: fc.integer({ min: 1, max: 2 }),
  group: fc.integer({ min: 1, max: 2 }),
  headDim: fc.integer({ min: 1, max: 3 }),
  queries: fc.integer({ min: 1, max: 4 }),
  past: fc.nat(2),
  alibi: fc.boolean(),
  slidingWindow: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
});

type Values = ArrayLike<number>;

/** Attention by the definition, in float64. */
function attendSlowly(
  [q, k, v]: Values[],
  { batch, keyValueHeads, group, headDim, queries, past }: AttentionCase,
  { scale, slopes, keyPositions, slidingWindow = Infinity, normalization }: AttentionOptions,
): number[] {
  const [heads, keys] = [keyValueHeads * group, queries + past];
  const at = (row: number, heads: number, head: number) => (row * heads + head) * headDim;
  const output: number[] = [];
  for (let query = 0; query < batch * queries; query++) {
    const window = Math.floor(query / queries);
    const place = (key: number) => keyPositions?.[key] ?? key;
    const own = past + query % queries;
    const seen = Array.from({ length: own + 1 }, (_, key) => key)
      .filter((key) => place(own) - place(key) < slidingWindow);
    for (let head = 0; head < heads; head++) {
      const first = at(query, heads, head);
      const rowOf = (key: number) =>
        at(window * keys + key, keyValueHeads, Math.floor(head / group));
      const powers = seen.map((key) => {
        let score = 0;
        for (let c = 0; c < headDim; c++) score += q[first + c] * k[rowOf(key) + c];
        return Math.exp(scale * score + (slopes ? slopes[head] * (place(key) - place(own)) : 0));
      });
      const isSoftpick = normalization === "softpick";
      const weights = powers.map((power) => isSoftpick ? Math.max(0, power - 1) : power);
      const total = powers.reduce(
        (sum, power) => sum + (isSoftpick ? Math.abs(power - 1) : power),
        isSoftpick ? 1e-8 : 0,
      );
      for (let c = 0; c < headDim; c++) {
        const shares = seen.map((key, i) => weights[i] / total * v[rowOf(key) + c]);
        output.push(shares.reduce((sum, share) => sum + share));
      }
    }
  }
  return output;
}

/** How far `dy` moves along the output when one operand's element moves. */
function differences(operands: Values[], operand: number, loss: (operands: Values[]) => number) {
  const step = 1e-4;
  return Float32Array.from(operands[operand], (value, i) => {
    const [above, below] = [step, -step].map((move) => {
      const moved = Array.from(operands[operand]).with(i, value + move);
      return loss(operands.with(operand, moved));
    });
    return (above - below) / (2 * step);
  });
}

for (const normalization of ["softmax", "softpick"] as const) {
  // Softpick divides by little where all logits of a row are near 0.
  const tolerance = normalization === "softmax" ? 1e-5 : 1e-3;
  Deno.test(`attentionGradient() is what differences of the definition say, also for shared heads: ${normalization}`, () => {
    fc.assert(
      fc.property(small, (drawn) => {
        const options = { ...optionsOf(drawn), normalization };
        const shapes = shapesOf(drawn);
        const operands = shapes.map((shape, seed) => randomFloats(shape[0] * shape[1], seed));
        const dy = randomFloats(shapes[0][0] * shapes[0][1], 7);
        const loss = (operands: Values[]) =>
          attendSlowly(operands, drawn, options).reduce((sum, value, i) => sum + dy[i] * value, 0);
        tidy(() => {
          const [slope, q, k, v] = [dy, ...operands].map((values, i) =>
            tf.tensor2d(values.slice(), shapes[Math.max(0, i - 1)] as [number, number])
          );
          attentionGradient(slope, q, k, v, options).forEach((gradient, operand) => {
            assertFloatsClose(
              tensorData(gradient),
              differences(operands, operand, loss),
              tolerance,
            );
          });
        });
      }),
      { seed: 5, numRuns: 40 }, // softpick has a kink where a logit is 0
    );
  });
}

Deno.test("attentionGradient() frees all but the gradients", () => {
  tidy(() => {
    const [q, k] = [tf.ones<tf.Rank.R2>([6, 8]), tf.ones<tf.Rank.R2>([6, 4])];
    const before = tf.memory().numTensors;
    const gradients = attentionGradient(q, q, k, k, { heads: 4, batch: 2, scale: 1 });
    const made = tf.memory().numTensors - before;
    assertEquals(made, gradients.length);
  });
});
