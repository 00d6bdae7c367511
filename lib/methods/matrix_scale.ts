import { require } from "../core/mod.ts";
import { integerType, sameScale, typedMatrix, type UniformGrid } from "../format/mod.ts";
import { encodeTyped, requireFinite, SCALE_FLOOR } from "../quant/mod.ts";
import { dynamicPass, inputSites, tokenAbsmax } from "./dynamic_pass.ts";
import { floatCounts, integerCounts, scaledCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
import type { Pass } from "./pass.ts";
import { uniformQuantizer } from "./site_quantizer.ts";
import { weightsPass } from "./weights_pass.ts";

/** Integers with one scale for each weight matrix. */
export interface MatrixScaleSettings {
  weights: {
    /** 2..8; with 2 they are -1, 0 and 1. */
    bits: number;
    /**
     * The mean of `|weight|` (BitNet b1.58, MatMul-free LM), or the least power of two with which the largest one is
     * an integer of so many bits: a binary point (QFX).
     */
    scale: "mean" | "binaryPoint";
  };
  /** Of what linear maps read; floats without. */
  activations?: {
    /** 2..8. */
    bits: number;
    /** A step for each token as it comes, unless each input has a binary point, by calibration windows. */
    scale?: "token" | "binaryPoint";
  };
}

/** Weights as integers of one scale for each matrix: ternary ones, or those of a fixed binary point. */
export const matrixScaleMethod: Method<MatrixScaleSettings> = {
  passes({ weights, activations }) {
    const { bits, scale: rule } = weights;
    const known = rule === "mean" || rule === "binaryPoint";
    require(known, "quantize weights", "scale must be mean or binaryPoint", rule);
    const type = integerType(bits);
    return [
      weightsPass(`integers by ${rule}`, weights, ({ values, rows, columns, name }) => {
        requireFinite(values, name);
        const scale = matrixScale(values, type.max, rule);
        const codes = encodeTyped(values, type, scale);
        const scales = sameScale(scale, rows);
        return typedMatrix({
          ...{ rows, columns, codes, scales, groupSize: columns, types: [type], name },
        });
      }),
      ...activations ? [activationsPass(activations)] : [],
    ];
  },
  optional: { activations: ["scale"] },
  label: ({ weights: { bits }, activations }) => ({
    weight: bits === 2 ? "ternary" : `INT${bits}`,
    activation: activations ? `INT${activations.bits}` : "FP16",
  }),
  counts({ weights: { bits, scale }, activations }) {
    if (!activations) return floatCounts;
    const counts = integerCounts({ bits, groupSize: "row" }, activations);
    const product = bits === 2 ? { "add int32": 1 } : counts.product; // nothing to multiply
    const powers = scale === "binaryPoint";
    return scaledCounts(product, [
      { groupSize: "row", powers },
      { groupSize: "row", powers: activations.scale === "binaryPoint" },
    ]);
  },
};

function activationsPass(settings: NonNullable<MatrixScaleSettings["activations"]>): Pass {
  const { bits, scale = "token" } = settings;
  const known = scale === "token" || scale === "binaryPoint";
  require(known, "quantize activations", "scale must be token or binaryPoint", scale);
  if (scale === "token") return dynamicPass(settings, inputSites, tokenAbsmax(bits));
  const { max } = integerType(bits); // refuses others
  return {
    name: "binary points",
    settings,
    windows: "activations",
    observes: Object.fromEntries(inputSites.map((site) => [site, "range"])),
    quantizes: Object.fromEntries(inputSites.map((site) => [site, "shared steps"])),
    quantize: (seen) =>
      Object.fromEntries(inputSites.map((site) => {
        const { min, max: most } = seen.range(site);
        return [site, uniformQuantizer(pointGrid(Math.max(-min[0], most[0]), bits, max))];
      })),
  };
}

/** Integers of so many bits, two's complement, times the least power of two that holds the largest magnitude. */
function pointGrid(largest: number, bits: number, max: number): UniformGrid {
  const scale = Float32Array.of(Math.max(binaryPoint(largest, max), SCALE_FLOOR));
  const zeroPoint = Int32Array.of(0);
  return { bits, profile: "paper", codeMin: -max - 1, codeMax: max, scale, zeroPoint, inner: 1 };
}

/** The least power of two of which `largest` is at most `max`. */
function binaryPoint(largest: number, max: number): number {
  return 2 ** Math.ceil(Math.log2(largest / max));
}

/**
 * The scale of a matrix, in float32; at least 2^-126.
 *
 * @param max The greatest integer.
 */
export function matrixScale(
  values: Float32Array,
  max: number,
  rule: "mean" | "binaryPoint",
): number {
  let [sum, largest] = [0, 0];
  for (const value of values) {
    sum += Math.abs(value);
    largest = Math.max(largest, Math.abs(value));
  }
  const scale = rule === "mean" ? sum / values.length : binaryPoint(largest, max);
  return Math.max(Math.fround(scale), 2 ** -126);
}
