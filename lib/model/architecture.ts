/** The name of a family of decoders: `llama`, or another key of `families`. */
export type FamilyName = string;

/** How a token learns where it stands. */
export type PositionEncoding =
  /** Queries and keys are rotated (RoPE, half-split). */
  | { kind: "rotary"; theta: number }
  /** A table row is added to the embedding; row `position + offset`. */
  | { kind: "learned"; offset: number }
  /** Scores get `slope[head] * key position` (ALiBi). */
  | { kind: "alibi" };

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
  /** Norms before attention and MLP (the rule), or after their residuals (opt-350m). */
  normPlacement: "before" | "after";
  embeddingNorm: boolean;
  finalNorm: boolean;
  activation: "silu" | "relu" | "gelu";
  /** `down(activation(gate x) * up x)` instead of `down(activation(up x))`. */
  gated: boolean;
  attentionBias: boolean;
  mlpBias: boolean;
  positions: PositionEncoding;
  /** The head is the embedding matrix. */
  tiedHead: boolean;
  /** The token a text starts with, if the family has one. */
  startToken: number | null;
  /** Every window of text this model was trained on starts with `startToken`. */
  startsEveryWindow: boolean;
}
