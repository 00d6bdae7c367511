import { absmaxStep } from "./absmax.ts";
import { requireFiniteGrid } from "./checks.ts";
import { leastError, weightCode, type WeightGrid } from "./least_error.ts";
import { roundHalfEven, roundToFloat16 } from "./rounding.ts";

export { weightCode, type WeightGrid };

/**
 * How the range of a group of weights is chosen: its extremes, the least error, or in symmetric formats the
 * largest magnitude, which is the highest code: `scale = max |w| / (2^(bits-1) - 1)`, from `absmaxFloor` up;
 * or that with the least error (QuaRot).
 */
export const weightRanges = ["minmax", "mse", "absmax", "absmaxMse"] as const;

export type WeightRange = typeof weightRanges[number];

/** What kind of grid weights are rounded to. */
export interface WeightFormat {
  /** 2..8. */
  bits: number;
  /** Weights that share a scale and zero point: columns of one row, or the whole row. */
  groupSize: number | "row";
  /** A grid centred on zero, with zero point 2^(bits-1). */
  symmetric: boolean;
  /**
   * What scales are rounded to before codes are chosen: F16 for checkpoints that hold them so; F32 unless
   * given.
   */
  scaleDtype?: ScaleDtype;
}

/** The types of scales. */
export const scaleDtypes = ["F32", "F16"] as const;

export type ScaleDtype = typeof scaleDtypes[number];

/** A shrunk range is tried in steps of 1/100 down to 21/100 of the extremes. */
const SHRINK_STEPS = 100;
const SHRINK_TRIALS = 80;

/**
 * The grid for some weights, in float32 arithmetic (the quantizer of the GPTQ reference code).
 *
 * The range is extended to contain 0; symmetric formats mirror the larger side if any weight is
 * negative; an all-zero group, or one so close to it that its scale would be 0, gets -1..1. Range
 * `mse` shrinks it to where the sum of |error|^2.4 is least.
 *
 * @param weights One group of one row, not empty.
 * @param name What errors call the matrix.
 * @throws {InputError} If the range is wider than scales reach.
 */
export function weightGrid(
  weights: Float32Array | Float64Array,
  { bits, symmetric, scaleDtype }: Omit<WeightFormat, "groupSize">,
  range: WeightRange,
  name: string,
): WeightGrid {
  const codeMax = 2 ** bits - 1;
  const isAbsmax = range === "absmax" || range === "absmaxMse";
  let { min, max } = extremes(weights);
  if (symmetric) {
    max = Math.max(-min, max);
    if (min < 0) min = -max;
  }
  const step = (low: number, high: number) =>
    roundScale(Math.fround(high - low) / codeMax, scaleDtype);
  if (step(min, max) === 0 && !isAbsmax) {
    min = -1;
    max = 1;
  }
  const gridOver = (fraction: number): WeightGrid => {
    if (isAbsmax) {
      const largest = Math.fround(fraction * Math.max(-min, max));
      const scale = roundScale(absmaxStep(largest, bits), scaleDtype);
      return { scale, zeroPoint: 2 ** (bits - 1) };
    }
    const low = Math.fround(fraction * min);
    const high = Math.fround(fraction * max);
    const scale = step(low, high);
    const zeroPoint = symmetric ? 2 ** (bits - 1) : roundHalfEven(Math.fround(-low / scale));
    return { scale, zeroPoint: Math.min(zeroPoint, codeMax) };
  };
  const whole = gridOver(1);
  const steps = isAbsmax ? 2 ** (bits - 1) - 1 : codeMax;
  requireFiniteGrid(whole.scale, steps, [min, max], name, scaleDtype);
  if (range === "minmax" || range === "absmax") return whole;
  const grids: WeightGrid[] = [];
  for (let trial = 0; trial < SHRINK_TRIALS; trial++) {
    const grid = gridOver(Math.fround(1 - trial / SHRINK_STEPS));
    if (grid.scale === 0) break;
    grids.push(grid);
  }
  return leastError(weights, grids, codeMax);
}

/** A scale as its type has it. */
export function roundScale(scale: number, dtype: ScaleDtype = "F32"): number {
  const single = Math.fround(scale);
  return dtype === "F16" ? roundToFloat16(single) : single;
}

/** Least and greatest of the weights and 0, in float32. */
function extremes(weights: Float32Array | Float64Array): { min: number; max: number } {
  let min = 0;
  let max = 0;
  for (let i = 0; i < weights.length; i++) { // which takes a third of the time of `of`
    const weight = weights[i];
    if (weight < min) min = weight;
    if (weight > max) max = weight;
  }
  return { min: Math.fround(min), max: Math.fround(max) };
}
