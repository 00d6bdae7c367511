import { tf } from "../tensor/mod.ts";
import { survivors } from "../tokens/mod.ts";
import type { Exit, State } from "./state.ts";

/**
 * Splits the stream into the tokens that stay and the share `ratio` of lowest score that leaves.
 *
 * @param state One window; batch 1. Its `lower` tokens all stay.
 * @param scores Importance, `[tokens]`.
 * @throws {InputError} If the ratio is not in [0, 1) or a score is NaN.
 */
export function pruneTokens(
  { hidden, positions, batch, lower }: State,
  scores: Float32Array,
  ratio: number,
  layer: number,
): { state: State; exit: Exit } {
  const take = (tokens: Int32Array) => ({
    hidden: tf.gather(hidden, tf.tensor1d(tokens, "int32")),
    positions: tokens.map((token) => positions[token]),
  });
  const kept = survivors(scores, ratio);
  const staying = new Set(kept);
  const gone = Int32Array.from(positions.keys().filter((token) => !staying.has(token)));
  return {
    state: { ...take(kept), batch, lower: lower?.map((token) => kept.indexOf(token)) },
    exit: { ...take(gone), layer },
  };
}
