import type { tf } from "../tensor/mod.ts";

/** The residual stream between two blocks. */
export interface State {
  /** `[batch * tokens, channels]`; windows of a batch lie one after the other. */
  hidden: tf.Tensor2D;
  /** Where each token of a window stood before pruning, ascending; `[tokens]`. */
  positions: Int32Array;
  batch: number;
  /** The tokens, ascending, that the block before computed in fewer bits: {@linkcode LowerTokens}. */
  lower?: Int32Array;
}

/** Tokens that left the stream at a pruning layer. */
export interface Exit {
  layer: number;
  /** Their last hidden state, `[pruned, channels]`. */
  hidden: tf.Tensor2D;
  /** Where they stood in the window. */
  positions: Int32Array;
}

/**
 * Scores of tokens from attention maps `[heads, tokens, tokens]`, higher is more important. Must be a
 * sum over heads: maps arrive a few heads at a time and the scores are added.
 */
export type MapImportance = (
  maps: Float32Array,
  size: { heads: number; tokens: number },
) => Float32Array;

/**
 * Which tokens leave the stream, and where. Pruning takes place after a layer's attention
 * residual, before its MLP (protocol of the released code).
 */
export interface Pruning {
  /** Layer to share of its tokens that leave, 0..1. */
  ratios: ReadonlyMap<number, number>;
  /**
   * How tokens are scored: by their attention to the first token (eq. 4), which is 0 where a sliding window
   * has left that one behind, from attention maps, or at random from a seed, anew in every layer of every
   * window.
   */
  importance: "startToken" | MapImportance | { seed: number };
  /**
   * Survivors count from 0 again, or keep the positions they had, for rotary positions, ALiBi and sliding
   * windows. Learned positions (OPT) are added once, before any token leaves.
   */
  positions: "renumber" | "keep";
}

/**
 * Which tokens a scheme computes in fewer bits from the attention of each layer on: the least
 * important of those that the layer keeps, scored as for pruning, or by their attention to the first
 * token where none are pruned.
 */
export interface LowerTokens {
  /** Their share of the tokens that a layer meets, in [0, 1): of every layer, or of each. */
  share: number | readonly number[];
  /** Whether the tokens of a layer remain among those of all later ones, as in the released code. */
  inherited: boolean;
}
