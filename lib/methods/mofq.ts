import { require } from "../core/mod.ts";
import { floatType, integerType, type NumberType } from "../format/mod.ts";
import type { FloatSettings } from "./float_formats.ts";
import { leastNoiseActivations, leastNoiseWeights } from "./least_noise.ts";
import { integerCounts, scaledCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";

/** What MoFQ chooses among. */
export interface MofqFormats {
  /** The one that everything gets, without a choice: what the choice is worth against. */
  only?: "float" | "integer";
}

/** The settings of MoFQ: the floating-point format that competes with integers of as many bits. */
export interface MofqSettings {
  weights: FloatSettings & MofqFormats;
  activations: Pick<FloatSettings, "bits" | "exponentBits" | "bias" | "specials"> & MofqFormats;
}

/**
 * MoFQ (Zhang et al. 2023), from the paper: every tensor is stored as floating-point numbers or as integers of as
 * many bits, whichever has the smaller mean squared error. Weights have a scale for each row; what linear maps read
 * has one for the tensor, as does its format, by what calibration windows give.
 */
export const mofq: Method<MofqSettings> = {
  passes: ({ weights, activations }) => [
    leastNoiseWeights("MoFQ", typesOf(weights), weights),
    leastNoiseActivations(typesOf(activations), activations),
  ],
  optional: {
    weights: ["bias", "specials", "exponents", "scaleDtype", "only"],
    activations: ["bias", "specials", "only"],
  },
  label({ weights, activations }) {
    const [weight, activation] = [weights, activations].map(({ bits, only }) => {
      const [float, integer] = [`FP${bits}`, `INT${bits}`];
      return only ? { float, integer }[only] : `${float}/${integer} mixed`;
    });
    return { weight, activation };
  },
  counts({ weights, activations }) {
    const { only } = weights;
    if (!only || activations.only !== only) {
      return { reason: "which tensors are integers is found by calibration" };
    }
    if (only === "integer") return integerCounts(weights, activations);
    const product = `multiply float${Math.max(weights.bits, activations.bits)}` as const;
    return scaledCounts({ [product]: 1, "add float32": 1 }, [weights, { groupSize: "row" }]);
  },
};

/** @throws {InputError} If the only format is none of the two. */
function typesOf({ only, ...format }: MofqSettings["activations"]): NumberType[] {
  const types = { float: floatType(format), integer: integerType(format.bits) };
  const names = Object.keys(types) as (keyof typeof types)[];
  if (only === undefined) return names.map((name) => types[name]);
  require(names.includes(only), "mix formats", `only must be ${names.join(" or ")}`, only);
  return [types[only]];
}
