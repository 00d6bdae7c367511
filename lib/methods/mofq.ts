import { require } from "../core/mod.ts";
import { floatType, integerType, type NumberType, typedMatrix } from "../format/mod.ts";
import {
  dequantizeTyped,
  noisePower,
  quantizeTyped,
  requireFinite,
  roundTyped,
  tensorScale,
} from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import { inputSites } from "./dynamic_pass.ts";
import type { FloatSettings } from "./float_formats.ts";
import { integerCounts, scaledCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";
import { nameOf, type SiteQuantizer } from "./site_quantizer.ts";
import { weightsPass } from "./weights_pass.ts";

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
    mixedWeightsPass(typesOf(weights), weights),
    mixedActivationsPass(typesOf(activations), activations),
  ],
  optional: ["bias", "specials", "exponents", "scaleDtype", "only"],
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

/** Each weight matrix as numbers of the type that loses least. */
function mixedWeightsPass(types: readonly NumberType[], settings: FloatSettings): Pass {
  return weightsPass("MoFQ", settings, ({ values, rows, columns, name }) => {
    const { type, result } = leastNoise(types, (type) => {
      const result = quantizeTyped(values, columns, type, settings, name);
      const { noise } = noisePower(values, dequantizeTyped(result, columns, type));
      return { result, noise };
    });
    return typedMatrix({ ...result, rows, columns, types: [type], name });
  });
}

/** The inputs of linear maps as numbers of the type that loses least of the calibration windows. */
function mixedActivationsPass(types: readonly NumberType[], settings: unknown): Pass {
  return {
    name: "activations",
    settings,
    windows: "activations",
    observes: Object.fromEntries(inputSites.map((site) => [site, "values"])),
    quantizes: Object.fromEntries(inputSites.map((site) => [site, "own steps"])),
    quantize: (seen, { onStep }) =>
      Object.fromEntries(inputSites.map((site, place) => {
        onStep(place / inputSites.length);
        return [site, mixedQuantizer(seen.values(site).windows, types)];
      })),
  };
}

/** Rounds to the type that loses least of some windows, with the scale that fits them. */
export function mixedQuantizer(
  windows: readonly Float32Array[],
  types: readonly NumberType[],
): SiteQuantizer & { type: NumberType } {
  let largest = 0;
  for (const x of windows) for (const value of x) largest = Math.max(largest, Math.abs(value));
  const { type, result: scale } = leastNoise(types, (type) => {
    const scale = tensorScale(largest, type);
    let noise = 0;
    for (const x of windows) noise += noisePower(x, roundTyped(x, type, scale)).noise;
    return { result: scale, noise };
  });
  return {
    type,
    apply(value, visit) {
      const x = tensorData(value);
      requireFinite(x, nameOf(visit));
      return tf.tensor(roundTyped(x, type, scale), value.shape);
    },
  };
}

/** The type with the least noise, the first of equals, and what came of it. */
function leastNoise<Result>(
  types: readonly NumberType[],
  quantize: (type: NumberType) => { result: Result; noise: number },
): { type: NumberType; result: Result } {
  const tried = types.map((type) => ({ type, ...quantize(type) }));
  return tried.reduce((best, each) => each.noise < best.noise ? each : best);
}
