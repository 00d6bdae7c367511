import { require } from "../core/mod.ts";
import { integerType, sameScale, typedMatrix } from "../format/mod.ts";
import { requireFinite } from "../quant/mod.ts";
import { dynamicPass, inputSites, tokenAbsmax } from "./dynamic_pass.ts";
import { floatCounts, integerCounts, scaledCounts } from "./map_counts.ts";
import type { Method } from "./method.ts";
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
  /** Of what linear maps read, by tokens as it comes; floats without. */
  activations?: { bits: number };
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
        const codes = Uint8Array.from(values, (value) => type.encode(Math.fround(value / scale)));
        const scales = sameScale(scale, rows);
        return typedMatrix({
          ...{ rows, columns, codes, scales, groupSize: columns, types: [type], name },
        });
      }),
      ...activations ? [dynamicPass(activations, inputSites, tokenAbsmax(activations.bits))] : [],
    ];
  },
  label: ({ weights: { bits }, activations }) => ({
    weight: bits === 2 ? "ternary" : `INT${bits}`,
    activation: activations ? `INT${activations.bits}` : "FP16",
  }),
  counts({ weights: { bits, scale }, activations }) {
    if (!activations) return floatCounts;
    const counts = integerCounts({ bits, groupSize: "row" }, activations);
    const product = bits === 2 ? { "add int32": 1 } : counts.product; // nothing to multiply
    const powers = scale === "binaryPoint";
    return scaledCounts(product, [{ groupSize: "row", powers }, { groupSize: "row" }]);
  },
};

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
  const scale = rule === "mean" ? sum / values.length : 2 ** Math.ceil(Math.log2(largest / max));
  return Math.max(Math.fround(scale), 2 ** -126);
}
