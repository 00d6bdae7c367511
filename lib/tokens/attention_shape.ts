import { counted, require } from "../core/mod.ts";

/** The extents of a stack of attention maps. */
export interface AttentionShape {
  heads: number;
  /** Tokens still present, queries and keys alike. */
  tokens: number;
}

/** Lets maps pass that hold what their shape says. */
export function requireAttention(
  probabilities: Float32Array,
  { heads, tokens }: AttentionShape,
): void {
  require(
    probabilities.length === heads * tokens * tokens,
    "score tokens",
    `attention [${heads}, ${tokens}, ${tokens}] must hold ${
      counted(heads * tokens * tokens, "value")
    }`,
    probabilities.length,
  );
}
