import type { tf } from "../tensor/mod.ts";

/**
 * The places of one block where a scheme may replace a value and a tap may look (figure 3).
 *
 * Values are `[tokens, channels]`; heads lie side by side in the channels of q, k and v.
 * `attn.probs` is `[heads, tokens, tokens]` for a run of heads that starts at `firstHead`.
 */
export const siteNames = [
  /** Output of the input norm: what the q, k and v projections read. */
  "attn.input",
  /** Queries and keys as projected; differ from attn.q and attn.k under rotary positions only. */
  "attn.qBeforeRotary",
  "attn.kBeforeRotary",
  /** The operands of the attention products. */
  "attn.q",
  "attn.k",
  "attn.v",
  /** Softmax output. */
  "attn.probs",
  /** Attention times values: what the output projection reads. */
  "attn.output",
  /** Output of the post-attention norm: what the MLP reads. */
  "mlp.input",
  /** What the down projection reads. */
  "mlp.hidden",
] as const;

export type SiteName = typeof siteNames[number];

/** Where in the model a value was met. */
export interface Visit {
  site: SiteName;
  layer: number;
  /** Index of the first head in `value`; `attn.probs` only. */
  firstHead?: number;
}

/**
 * Sees the value at every site, and returns what the model shall go on with:
 * the value itself (a tap) or a tensor of the same shape (a scheme).
 */
export type SiteHook = (value: tf.Tensor, visit: Visit) => tf.Tensor;

/** Runs several hooks one after the other. */
export function chainHooks(...hooks: SiteHook[]): SiteHook {
  return (value, visit) => hooks.reduce((current, hook) => hook(current, visit), value);
}
