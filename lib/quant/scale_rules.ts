import { encodeFloats, floatScales, type GroupScales, powerScales } from "../format/mod.ts";
import { requireFiniteGrid } from "./checks.ts";
import { roundScale, type ScaleDtype } from "./weight_grid.ts";

/**
 * How scales follow from the largest magnitude that each group reaches:
 *
 * - `absmax`: it is the greatest value of the type;
 * - `shared`: a power of two whose product with the type's greatest power of two is that below the largest
 *   magnitude (OCP Microscaling): what lies above the type's greatest value then gets it;
 * - `powers`: that of `absmax`, to a power of two (ZeroQuant-FP's M1);
 * - `powersOfLargest`: the largest of the row, divided by a power of two (its M2).
 */
export const scaleRules = ["absmax", "shared", "powers", "powersOfLargest"] as const;

export type ScaleRule = typeof scaleRules[number];

/** How exponents of powers of two are rounded. */
export const exponentRoundings = ["ceil", "floor", "nearest"] as const;

export type ExponentRounding = typeof exponentRoundings[number];

/** How scales are chosen and stored. */
export interface ScaleOptions {
  scales: ScaleRule;
  /** Of `powers`, the exponent, and of `powersOfLargest`, that which it is divided by; `ceil` unless given. */
  exponents?: ExponentRounding;
  /** What `absmax` and the largest of a row are rounded to; F32 unless given. */
  scaleDtype?: ScaleDtype;
}

/** The greatest number of a type, and of its powers of two the exponent. */
export interface TypeRange {
  max: number;
  maxExponent: number;
}

/**
 * The scales of groups.
 *
 * @param reached `[rows, groups]`, the largest `|x|` of each.
 * @param groups Of a row.
 * @param name What errors call the tensor.
 * @throws {InputError} If a scale is beyond its type.
 */
export function groupScales(
  reached: Float32Array,
  groups: number,
  { max, maxExponent }: TypeRange,
  { scales, exponents: rounding = "ceil", scaleDtype = "F32" }: ScaleOptions,
  name: string,
): GroupScales {
  const requireFits = (scale: number, largest: number, dtype?: ScaleDtype) =>
    requireFiniteGrid(scale, max, [-largest, largest], name, dtype);
  const powers = (exponent: (largest: number) => number) =>
    Int8Array.from(reached, (largest) => {
      const power = Math.min(Math.max(exponent(largest), -127), 127);
      requireFits(2 ** power, largest);
      return power;
    });
  if (scales === "shared") {
    return powerScales(powers((largest) => Math.floor(Math.log2(largest)) - maxExponent));
  }
  const round = { ceil: Math.ceil, floor: Math.floor, nearest: Math.round }[rounding];
  if (scales === "powers") {
    return powerScales(powers((largest) => round(Math.log2(Math.fround(largest / max)))));
  }
  const least = scaleDtype === "F16" ? 2 ** -24 : 2 ** -149;
  const steps = (largest: Float32Array) =>
    largest.map((each) => {
      const scale = Math.max(roundScale(each / max, scaleDtype), least);
      requireFits(scale, each, scaleDtype);
      return scale;
    });
  if (scales === "absmax") return floatScales(encodeFloats(steps(reached), scaleDtype));
  const largest = new Float32Array(reached.length / groups);
  reached.forEach((each, i) => {
    const row = Math.floor(i / groups);
    largest[row] = Math.max(largest[row], each);
  });
  const ofRows = steps(largest);
  const exponents = Int8Array.from(reached, (each, i) => {
    const ratio = Math.fround(ofRows[Math.floor(i / groups)] / Math.fround(each / max));
    return Math.min(Math.max(-round(Math.log2(ratio)), -127), 0);
  });
  return powerScales(exponents, encodeFloats(ofRows, scaleDtype));
}
