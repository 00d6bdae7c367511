import { seededRandom } from "../core/mod.ts";
import { type AttentionShape, requireAttention } from "./attention_shape.ts";

/**
 * Token importance by start attentivity (eq. 4): the attention each token pays to the first token
 * of the window, `score[i] = sum over heads of P[h, i, 0]`.
 *
 * A sum over heads: the scores of parts of the heads add up to the scores of all of them.
 *
 * @param probabilities Causal softmax output `[heads, tokens, tokens]`: head, query, key.
 * @returns Scores `[tokens]`, higher is more important; the first token scores `heads`.
 * @throws {InputError} If the number of probabilities contradicts the shape.
 */
export function startTokenImportance(
  probabilities: Float32Array,
  shape: AttentionShape,
): Float32Array {
  requireAttention(probabilities, shape);
  const { heads, tokens } = shape;
  return Float32Array.from({ length: tokens }, (_, query) => {
    let score = 0;
    for (let head = 0; head < heads; head++) {
      score += probabilities[(head * tokens + query) * tokens];
    }
    return score;
  });
}

/**
 * Token importance as pruning for encoders computes it, the baseline the paper argues against: the
 * mean attention a token receives from the rows that can see it,
 * `score[j] = sum over heads and rows i >= j of P[h, i, j] / (tokens - j)`.
 *
 * A sum over heads: the scores of parts of the heads add up to the scores of all of them.
 *
 * @param probabilities Causal softmax output `[heads, tokens, tokens]`: head, query, key.
 * @returns Scores `[tokens]`, higher is more important.
 * @throws {InputError} If the number of probabilities contradicts the shape.
 */
export function conventionalImportance(
  probabilities: Float32Array,
  shape: AttentionShape,
): Float32Array {
  requireAttention(probabilities, shape);
  const { heads, tokens } = shape;
  const sums = new Float64Array(tokens);
  for (let row = 0; row < heads * tokens; row++) {
    for (let key = 0; key <= row % tokens; key++) sums[key] += probabilities[row * tokens + key];
  }
  return Float32Array.from(sums, (sum, key) => sum / (tokens - key));
}

/** Of which draw random scores are: others in every layer and window. */
export interface ScoreDraw {
  /** An integer in 0..2^32-1. */
  seed: number;
  layer: number;
  window: number;
}

/**
 * Scores that know nothing of the tokens, uniform in [0, 1): the control of every other importance.
 *
 * @returns `[tokens]`, the same for the same draw.
 */
export function randomImportance(tokens: number, { seed, layer, window }: ScoreDraw): Float32Array {
  const mixed = seed + Math.imul(layer, 0x85ebca6b) + Math.imul(window, 0xc2b2ae35);
  const { uniform } = seededRandom(mixed >>> 0);
  return Float32Array.from({ length: tokens }, uniform);
}
