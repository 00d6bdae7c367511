import fc from "fast-check";
import {
  type AttentionNormalization,
  causalAttention,
  type CausalAttentionOptions,
  type Log2Rounding,
  type tf,
} from "../../../lib/tensor/mod.ts";

/** The sizes of an attention with a cache, whether it has ALiBi, and how far queries see. */
export interface AttentionCase {
  batch: number;
  keyValueHeads: number;
  group: number;
  headDim: number;
  queries: number;
  past: number;
  alibi: boolean;
  /** Undefined for none. */
  slidingWindow?: number;
  normalization?: AttentionNormalization;
}

/** How far queries see: also past a multiple of what products sum up at a time. */
export const slidingWindows: fc.Arbitrary<number | undefined> = fc.option(
  fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 700 })),
  { nil: undefined },
);

export const cases: fc.Arbitrary<AttentionCase> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  keyValueHeads: fc.integer({ min: 1, max: 3 }),
  group: fc.integer({ min: 1, max: 3 }),
  headDim: fc.integer({ min: 1, max: 20 }),
  queries: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 46, max: 60 })),
  past: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }), fc.constant(270)),
  alibi: fc.boolean(),
  slidingWindow: slidingWindows,
  normalization: fc.constantFrom("softmax" as const, "softpick" as const),
});

export const rounding: fc.Arbitrary<Log2Rounding> = fc.record({
  bits: fc.integer({ min: 2, max: 8 }),
  profile: fc.constantFrom("paper" as const, "released" as const),
  maximum: fc.constantFrom(1, 0.75),
});

/** The shapes of queries, keys and values. */
export function shapesOf(
  { batch, keyValueHeads, group, headDim, queries, past }: AttentionCase,
): number[][] {
  const keys = [batch * (queries + past), keyValueHeads * headDim];
  return [[batch * queries, keyValueHeads * group * headDim], keys, keys];
}

export function optionsOf(
  { batch, keyValueHeads, group, queries, past, alibi, slidingWindow, normalization }:
    AttentionCase,
): CausalAttentionOptions {
  const heads = keyValueHeads * group;
  return {
    ...{ batch, heads, scale: 0.6, slidingWindow, normalization },
    ...alibi && {
      slopes: Array.from({ length: heads }, (_, head) => 0.5 ** (head + 1)),
      keyPositions: Int32Array.from({ length: queries + past }, (_, key) => 2 * key),
    },
  };
}

/** {@linkcode causalAttention} of queries, keys and values. */
export function attend(tensors: tf.Tensor[], options: CausalAttentionOptions) {
  const [q, k, v] = tensors as tf.Tensor2D[];
  return causalAttention(q, k, v, options);
}
