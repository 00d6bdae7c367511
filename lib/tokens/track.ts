import { require } from "../core/mod.ts";

/**
 * Which tokens of a window are left after each layer. Tracks are values: {@linkcode afterLayer}
 * returns a new one.
 */
export interface TokenTrack {
  /** Tokens of the window. */
  readonly tokens: number;
  /** Per finished layer the original positions, ascending, of the tokens that left it. */
  readonly layers: readonly Int32Array[];
}

/** How the survivors are numbered for RoPE and ALiBi. */
export type Positions = "renumber" | "keep";

/** The track of a window of `tokens` tokens before the first layer. */
export function startTrack(tokens: number): TokenTrack {
  require(
    Number.isInteger(tokens) && tokens > 0,
    "track tokens",
    "tokens must be 1 or more",
    tokens,
  );
  return { tokens, layers: [] };
}

/** The original positions, ascending, of the tokens the next layer receives. */
export function present(track: TokenTrack): Int32Array {
  return track.layers.at(-1) ?? Int32Array.from({ length: track.tokens }, (_, token) => token);
}

/**
 * The track one layer further.
 *
 * @param kept Ascending indices into the present tokens, as `survivors` returns them; left out by a
 *   layer that does not prune.
 * @throws {InputError} If the indices are not ascending indices of present tokens.
 */
export function afterLayer(track: TokenTrack, kept?: Int32Array): TokenTrack {
  const before = present(track);
  const ascending = kept?.every((index, rank) => index > (kept[rank - 1] ?? -1)) ?? true;
  require(
    ascending && (kept?.at(-1) ?? 0) < before.length,
    "track tokens",
    `kept must be ascending indices below ${before.length}`,
    kept,
  );
  const after = kept ? kept.map((index) => before[index]) : before;
  return { tokens: track.tokens, layers: [...track.layers, after] };
}

/**
 * The position id of each present token.
 *
 * @param positions `renumber` counts them 0, 1, 2, ..., which shortens the distances between
 *   survivors and is what the paper does; `keep` leaves them where they were.
 */
export function positionIds(track: TokenTrack, positions: Positions): Int32Array {
  const tokens = present(track);
  return positions === "keep" ? tokens : tokens.map((_, index) => index);
}

/** The tokens left after each finished layer: r_i of eq. 10. */
export function tokensPerLayer(track: TokenTrack): number[] {
  return track.layers.map((positions) => positions.length);
}

/** The original positions, ascending, of the tokens each finished layer pruned; empty for most. */
export function exits(track: TokenTrack): Int32Array[] {
  return track.layers.map((after, layer) => {
    const before = present({ tokens: track.tokens, layers: track.layers.slice(0, layer) });
    const left = new Set(after);
    return before.filter((position) => !left.has(position));
  });
}

/**
 * The original positions whose prediction is scored by the survivors protocol: present to the end
 * and followed by a token of the window. Position i predicts the original token i + 1, which may
 * itself have been pruned.
 */
export function scoredPositions(track: TokenTrack): Int32Array {
  return present(track).filter((position) => position + 1 < track.tokens);
}
