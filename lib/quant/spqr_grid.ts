import { requireFiniteGrid } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";
import { roundScale, type ScaleDtype } from "./weight_grid.ts";

// Grids are in float32, each operation on them, as in the reference code.

/** A grid whose zero point need be no code: weight = scale * (code - zeroPoint), codes from 0. */
export interface SpqrGrid {
  scale: number;
  zeroPoint: number;
}

/** Smaller scales divide as this one. */
const leastScale = Math.fround(1e-9);

/**
 * The grid from the least to the greatest of some values, 0 included only where they are all the same.
 *
 * @param dtype What scale and zero point are rounded to.
 */
export function gridBetween(
  min: number,
  max: number,
  codeMax: number,
  dtype: ScaleDtype = "F32",
): SpqrGrid {
  const isConstant = min === max;
  const low = isConstant ? Math.min(min, 0) : min;
  const high = isConstant ? Math.max(max, 0) : max;
  const scale = roundScale(Math.fround(high - low) / codeMax, dtype);
  return { scale, zeroPoint: scale === 0 ? 0 : roundScale(-low / scale, dtype) };
}

/** The code of a value: rounded after its zero point is added. */
export function spqrCode(value: number, { scale, zeroPoint }: SpqrGrid, codeMax: number): number {
  const steps = Math.fround(value / Math.max(scale, leastScale));
  return Math.min(Math.max(roundHalfEven(Math.fround(steps + zeroPoint)), 0), codeMax);
}

/** The value of a code. */
export function spqrValue(code: number, { scale, zeroPoint }: SpqrGrid): number {
  return Math.fround(scale * Math.fround(code - zeroPoint));
}

/**
 * The range of a group without the weights that are better kept as they are (Dettmers et al. 2023, alg. 1): each
 * is left out in turn, and the others are rounded to a grid of their own. Where that lowers the error by more than
 * the threshold, it is taken for an outlier.
 *
 * @param group Float32 numbers.
 * @param diagonal Of the factor of the inverse Hessian, for the weights of the group.
 */
export function rangeOfInliers(
  group: Float32Array,
  diagonal: Float64Array,
  codeMax: number,
  threshold: number,
): [min: number, max: number] {
  const whole = rangeWithout(group);
  const grid = gridBetween(...whole, codeMax);
  const total = errorOf(group, diagonal, grid, codeMax);
  let [min, max, inliers] = [Infinity, -Infinity, 0];
  for (let i = 0; i < group.length; i++) {
    const weight = group[i];
    let saved: number;
    if (weight > whole[0] && weight < whole[1]) { // the grid of the others is the same
      saved = squaredError(weight, diagonal[i], grid, codeMax);
    } else {
      const own = gridBetween(...rangeWithout(group, i), codeMax);
      saved = total - errorOf(group, diagonal, own, codeMax, i);
    }
    if (saved > threshold) continue;
    inliers++;
    if (weight < min) min = weight;
    if (weight > max) max = weight;
  }
  return inliers > 0 ? [min, max] : [0, 0];
}

/** Least and greatest of some weights, one of them perhaps left out; 0 of none. */
export function rangeWithout(
  group: Float32Array,
  without?: number,
): [min: number, max: number] {
  let [min, max] = [Infinity, -Infinity];
  for (let i = 0; i < group.length; i++) {
    if (i === without) continue;
    if (group[i] < min) min = group[i];
    if (group[i] > max) max = group[i];
  }
  return min <= max ? [min, max] : [0, 0];
}

function errorOf(
  group: Float32Array,
  diagonal: Float64Array,
  grid: SpqrGrid,
  codeMax: number,
  without?: number,
): number {
  let sum = 0;
  for (let i = 0; i < group.length; i++) {
    if (i !== without) sum += squaredError(group[i], diagonal[i], grid, codeMax);
  }
  return sum;
}

function squaredError(weight: number, d: number, grid: SpqrGrid, codeMax: number): number {
  return ((spqrValue(spqrCode(weight, grid, codeMax), grid) - weight) / d) ** 2;
}

/** Refuses a range whose grid leaves float32, or the type of its scales. */
export function requireSpqrGrid(
  [min, max]: [min: number, max: number],
  codeMax: number,
  name: string,
): void {
  requireFiniteGrid(Math.fround(max - min) / codeMax, codeMax, [min, max], name);
}
