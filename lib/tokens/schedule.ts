import { mean, refuse, require } from "../core/mod.ts";

/**
 * The ratio each of `layers` pruning layers applies so that together they prune `beta` of the
 * tokens (eq. 9): `gamma = 1 - (1 - beta)^(1 / m)`.
 *
 * @param beta Share of the tokens pruned at the end, in [0, 1).
 * @param layers m, the number of pruning layers, at least 1.
 * @throws {InputError} If an argument is out of range.
 */
export function pruningRatio(beta: number, layers: number): number {
  const action = "schedule pruning";
  require(beta >= 0 && beta < 1, action, "beta must lie in [0, 1)", beta);
  require(Number.isInteger(layers) && layers > 0, action, "layers must be 1 or more", layers);
  return 1 - (1 - beta) ** (1 / layers);
}

/**
 * Where and how much to prune: the ratio of eq. 9 at each of the given layers.
 *
 * @param plan `beta`, the share pruned at the end, in [0, 1); `layers`, the pruning layers, counted
 *   from 0 and ascending. No layers means no pruning and needs `beta` 0.
 * @returns Layer to ratio, in the order of the layers.
 * @throws {InputError} If beta or the layers are out of range.
 */
export function pruningSchedule(
  plan: { beta: number; layers: readonly number[] },
): Map<number, number> {
  const { beta, layers } = plan;
  layers.forEach((layer, index) => {
    if (!Number.isInteger(layer) || layer <= (layers[index - 1] ?? -1)) {
      refuse("schedule pruning", "layers must be ascending integers from 0", layers);
    }
  });
  if (layers.length === 0 && beta === 0) return new Map();
  const ratio = pruningRatio(beta, layers.length);
  return new Map(layers.map((layer) => [layer, ratio]));
}

/**
 * The share of token computations that pruning saves (eq. 10, read as a fraction):
 * `1 - sum of r_i / (layers * tokens)`.
 *
 * @param tokensPerLayer r_i, the tokens left after pruning in layer i, for every layer of the model.
 * @param tokens Tokens of the window.
 * @throws {InputError} If there are no layers.
 */
export function sparsity(tokensPerLayer: readonly number[], tokens: number): number {
  return 1 - mean(tokensPerLayer) / tokens;
}

/**
 * The tokens left after each layer: r_i of eq. 10, known before anything runs.
 *
 * @param tokens Tokens of the window.
 * @param layers Layers of the model.
 * @param ratios Layer to the share of its tokens that leave, as {@linkcode pruningSchedule} gives it.
 */
export function scheduledTokens(
  tokens: number,
  layers: number,
  ratios: ReadonlyMap<number, number>,
): number[] {
  let left = tokens;
  return Array.from({ length: layers }, (_, layer) => {
    left -= Math.floor(left * (ratios.get(layer) ?? 0));
    return left;
  });
}
