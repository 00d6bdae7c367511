import { type NumberType, powerType } from "../format/mod.ts";
import type { TypedOptions } from "../quant/mod.ts";
import { leastNoiseActivations, leastNoiseWeights } from "./least_noise.ts";
import { floatCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";

/** The settings of NUPES. */
export interface NupesSettings {
  weights: TypedOptions & {
    /** 2..8. */
    bits: number;
  };
  /** Of what linear maps read; floats without. */
  activations?: { bits: number };
}

/**
 * NUPES (Yvinec et al. 2023), from the paper: numbers whose powers are rounded, of the exponent that loses least.
 * Each weight matrix has an exponent, and so has what each group of linear maps reads, by calibration windows.
 */
export const nupes: Method<NupesSettings> = {
  passes({ weights, activations }) {
    const passes: Pass[] = [leastNoiseWeights("NUPES", typesOf(weights.bits), weights)];
    if (activations) passes.push(leastNoiseActivations(typesOf(activations.bits), activations));
    return passes;
  },
  optional: { weights: ["exponents", "scaleDtype"] },
  counts: ({ activations }) =>
    activations ? { reason: "each product of powers is to be the root of one" } : floatCounts,
};

/** The exponents that are tried: 1, which is no power, 0.95, .. and 0.2. */
export const powerExponents: readonly number[] = Array.from(
  { length: 17 },
  (_, i) => (100 - 5 * i) / 100,
);

function typesOf(bits: number): NumberType[] {
  return powerExponents.map((exponent) => powerType(bits, exponent));
}
