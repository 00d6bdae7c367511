import { type FloatFormat, floatType, type NumberType, typedMatrix } from "../format/mod.ts";
import { dequantizeTyped, quantizeTyped, type TypedOptions } from "../quant/mod.ts";
import { dynamicPass, inputSites, type Rounding } from "./dynamic_pass.ts";
import { floatCounts, scaledCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";
import { weightsPass } from "./weights_pass.ts";

/** A floating-point format of few bits, and how its numbers are scaled. */
export interface FloatSettings extends FloatFormat, TypedOptions {}

/** The settings of floating-point formats: of weights, of activations, or of both. */
export interface FloatFormatsSettings {
  weights?: FloatSettings;
  activations?: FloatSettings;
}

/** What of {@linkcode FloatSettings} may be absent. */
const optionalOfFloats = ["bias", "specials", "exponents", "scaleDtype"];

/**
 * Floating-point numbers of few bits: weights of all linear maps, and what these read as it comes. Scales are of
 * rows and tokens, of groups, or powers of two for blocks (OCP Microscaling); ZeroQuant-FP is such a format.
 */
export const floatFormats: Method<FloatFormatsSettings> = {
  passes({ weights, activations }) {
    const passes: Pass[] = [];
    if (weights) passes.push(typedWeightsPass(floatType(weights), weights));
    if (activations) {
      const rounding = typedRounding(floatType(activations), activations);
      passes.push(dynamicPass(activations, inputSites, rounding));
    }
    return passes;
  },
  optional: { weights: optionalOfFloats, activations: optionalOfFloats },
  label: ({ weights, activations }) => ({
    weight: weights ? labelOf(weights) : "FP16",
    activation: activations ? labelOf(activations) : "FP16",
  }),
  counts({ weights, activations }) {
    if (!weights || !activations) return floatCounts;
    const product = `multiply float${Math.max(weights.bits, activations.bits)}` as const;
    return scaledCounts(
      { [product]: 1, "add float32": 1 },
      [weights, activations].map(({ groupSize, scales }) => ({
        groupSize,
        powers: scales === "powersOfLargest" ? "ofLargest" : scales !== "absmax",
      })),
    );
  },
};

function labelOf({ bits, scales }: FloatSettings): string {
  return `${scales === "shared" ? "MX" : ""}FP${bits}`;
}

/** Rounds the weights of all linear maps to a number type. */
export function typedWeightsPass(type: NumberType, settings: TypedOptions): Pass {
  return weightsPass(type.name, settings, ({ values, rows, columns, name }) => {
    const quantized = quantizeTyped(values, columns, type, settings, name);
    return typedMatrix({ ...quantized, rows, columns, types: [type], name });
  });
}

/** Rounds to a number type, by scales that follow from the values themselves. */
export function typedRounding(type: NumberType, options: TypedOptions): Rounding {
  return (x, channels, name) =>
    dequantizeTyped(quantizeTyped(x, channels, type, options, name), channels, type);
}
