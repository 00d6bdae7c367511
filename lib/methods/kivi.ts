import type { GroupedPrecision } from "../model/mod.ts";
import { floatBits } from "./activation_bits.ts";
import { floatCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";

/**
 * KIVI (Liu et al. 2024): keys and values in the cache are rounded to few bits, keys by channels in groups of
 * tokens, values by tokens in groups of channels, and the last ones not at all. All else is as it was.
 */
export const kivi: Method<{ activations: GroupedPrecision }> = {
  passes: ({ activations }) => [{ name: "KIVI", settings: activations, cache: activations }],
  label: ({ activations: { bits } }) => ({ weight: "FP16", activation: `KV INT${bits}` }),
  activationBits: () => floatBits,
  counts: () => floatCounts,
};
