import { require } from "../core/mod.ts";

/**
 * The tokens a pruning layer keeps: all but the `floor(tokens * ratio)` of lowest score. Of equal
 * scores the lower index is pruned first. The first token, which the others attend to, always stays.
 *
 * @param scores Importance `[tokens]`.
 * @param ratio Share of the present tokens to prune, in [0, 1).
 * @returns Ascending indices into `scores`.
 * @throws {InputError} If the ratio is out of range or a score is NaN.
 */
export function survivors(scores: Float32Array, ratio: number): Int32Array {
  const pruned = new Set(leastImportant(scores).subarray(0, share(scores.length, ratio)));
  return Int32Array.from(scores.keys().filter((token) => !pruned.has(token)));
}

/**
 * The tokens a layer keeps but computes in fewer bits: the `floor(tokens * lower)` that score
 * lowest above the pruned ones, or as many as there are besides the first token, and with them the
 * inherited ones.
 *
 * @param scores Importance `[tokens]`.
 * @param ratios Shares of the present tokens, in [0, 1): `prune` as in {@linkcode survivors}.
 * @param inherited Indices of tokens that the layer before computed so: the released code lets this
 *   set grow from layer to layer.
 * @returns Ascending indices into `scores`, disjoint from the pruned ones.
 * @throws {InputError} If a ratio is out of range or a score is NaN.
 */
export function lowPrecisionTokens(
  scores: Float32Array,
  ratios: { prune: number; lower: number },
  inherited: Int32Array = new Int32Array(),
): Int32Array {
  const order = leastImportant(scores);
  const pruned = share(scores.length, ratios.prune);
  const end = pruned + share(scores.length, ratios.lower);
  const gone = new Set(order.subarray(0, pruned));
  const stayed = inherited.filter((token) => !gone.has(token));
  return Int32Array.from(new Set([...order.subarray(pruned, end), ...stayed])).sort();
}

function share(tokens: number, ratio: number): number {
  require(ratio >= 0 && ratio < 1, "select tokens", "ratio must lie in [0, 1)", ratio);
  return Math.floor(tokens * ratio);
}

/** Every token but the first, least important first. */
function leastImportant(scores: Float32Array): Int32Array {
  require(!scores.some(Number.isNaN), "select tokens", "scores must be numbers", NaN);
  return Int32Array.from(scores.keys().drop(1))
    .sort((left, right) => scores[left] - scores[right] || left - right);
}
