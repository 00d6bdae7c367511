import type { AttentionNormalization } from "../tensor/mod.ts";

/** The name of a family of decoders: `llama`, or another key of `families`. */
export type FamilyName = string;

/** How a token learns where it stands. */
export type PositionEncoding =
  /** Queries and keys are rotated (RoPE, half-split), by angles that may be scaled. */
  | { kind: "rotary"; theta: number; scaling?: RotaryScaling }
  /** A table row is added to the embedding; row `position + offset`. */
  | { kind: "learned"; offset: number }
  /** Scores get `slope[head] * key position` (ALiBi). */
  | { kind: "alibi" };

/** How the angles of RoPE reach further than in training; by the names and formulas of Transformers 5. */
export type RotaryScaling =
  & {
    factor: number;
    /** The longest window without scaling. */
    originalPositions: number;
  }
  & (
    /** All frequencies over `factor`. */
    | { type: "linear" }
    /** A base that grows with the window where that is longer than `originalPositions`. */
    | { type: "dynamic" }
    /** Low frequencies over `factor`, high ones as they are, a smooth passage between. */
    | { type: "llama3"; lowFrequencyFactor: number; highFrequencyFactor: number }
    /** The same with a linear passage between two numbers of turns within `originalPositions`. */
    | {
      type: "yarn";
      betaFast: number;
      betaSlow: number;
      /** Whether the passage begins and ends at whole channels. */
      truncate: boolean;
      /** Factor of queries and keys alike. */
      attentionFactor: number;
    }
  );

/**
 * Sites that can be rotated while the model runs: queries and keys within each head, behind rotary positions;
 * what attention gives across its heads; what the down projection reads over all channels.
 */
export type RotatedSite = "attn.q" | "attn.k" | "attn.output" | "mlp.hidden";

/** Where a query sees only the last keys. */
export interface SlidingWindow {
  /** In how many positions these stand, its own included. */
  size: number;
  /** The first layer, counted from 0, that looks so; queries of those before see all keys. */
  from: number;
}

/**
 * Everything that tells one decoder-only transformer from another.
 * A family's file reads it from a Hugging Face config.json; the forward pass reads nothing else.
 */
export interface Architecture {
  family: FamilyName;
  layers: number;
  /** Width of the residual stream. */
  hiddenSize: number;
  /** Width of the embedding and of the head's input; differs from hiddenSize in opt-350m only. */
  embeddingSize: number;
  intermediateSize: number;
  heads: number;
  /** Fewer than `heads` under grouped-query attention. */
  keyValueHeads: number;
  headDim: number;
  vocabularySize: number;
  /** Longest window the positions allow; `Infinity` where any length runs. */
  maxPositions: number;
  norm: "rms" | "layer";
  normEpsilon: number;
  /** Whether norms have a gain, and a bias under `layer`. */
  normAffine: boolean;
  /**
   * Where the norms of attention and MLP stand: `x + f(norm(x))` (the rule), `norm(x + f(x))` (opt-350m) or
   * `norm(x) + f(norm(x))` (BLOOM with apply_residual_connection_post_layernorm).
   */
  normPlacement: "before" | "after" | "onStream";
  embeddingNorm: boolean;
  finalNorm: boolean;
  /** `gelu` is the exact one, `geluTanh` its approximation by tanh (BLOOM). */
  activation: "silu" | "relu" | "gelu" | "geluTanh";
  /** `down(activation(gate x) * up x)` instead of `down(activation(up x))`. */
  gated: boolean;
  queryKeyValueBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
  positions: PositionEncoding;
  slidingWindow: SlidingWindow | null;
  /** What makes shares of the scores of a query's keys; softmax if absent. */
  attentionNormalization?: AttentionNormalization;
  /** Where a Hadamard matrix rotates values before they are used: of models that were rotated. */
  rotatedSites?: readonly RotatedSite[];
  /** The head is the embedding matrix. */
  tiedHead: boolean;
  /** The token a text starts with, if the family has one. */
  startToken: number | null;
  /** Every window of text this model was trained on starts with `startToken`. */
  startsEveryWindow: boolean;
}
