import { roundHalfEven } from "./rounding.ts";

/** The grid of one group of weights: weight = scale * (code - zeroPoint), codes from 0. */
export interface WeightGrid {
  scale: number;
  zeroPoint: number;
}

const errorNorm = 2.4;

/** `r^2.4` for r = 0, 1/2048, ... up to 1/2. */
const powers = Float64Array.from({ length: 1026 }, (_, i) => (i / 2048) ** errorNorm);

/** What interpolating between them may be off, twice over. */
const interpolated = 2e-7;

/**
 * The first of some grids with the least sum of |error|^2.4 (the quantizer of the GPTQ reference code).
 *
 * Errors are estimated from a table, and computed for the grids that may be the best.
 *
 * @param weights One group of one row, not empty.
 * @param grids At least one.
 */
export function leastError(
  weights: Float32Array | Float64Array,
  grids: readonly WeightGrid[],
  codeMax: number,
): WeightGrid {
  let limit = Infinity;
  const estimates = grids.map((grid) => {
    const error = nearlyErrorOf(weights, grid, codeMax, limit);
    limit = Math.min(limit, atMost(error, grid, weights.length, codeMax));
    return error;
  });
  const promising = grids.filter((_, index) => estimates[index] <= limit);
  if (promising.length === 1) return promising[0];
  const errors = promising.map((grid) => errorOf(weights, grid, codeMax));
  return promising[errors.indexOf(Math.min(...errors))];
}

/**
 * What the errors of grids may have been estimated at that are no greater than this one: the table is off for
 * each weight, and float32 rounds a weight, its code's value and their difference, which adds to the norm of the
 * errors what that is over all weights.
 */
function atMost(error: number, { scale }: WeightGrid, count: number, codeMax: number): number {
  const rounded = 4 * 2 ** -23 * codeMax * scale * count ** (1 / errorNorm);
  const norm = error ** (1 / errorNorm) + rounded;
  return norm ** errorNorm + interpolated * count * scale ** errorNorm;
}

/** The sum of |error|^2.4 but for a share of it, or infinity where it is beyond `limit`. */
function nearlyErrorOf(
  weights: Float32Array | Float64Array,
  { scale, zeroPoint }: WeightGrid,
  codeMax: number,
  limit: number,
): number {
  const [low, high] = [-zeroPoint, codeMax - zeroPoint];
  const unit = scale ** errorNorm;
  const most = limit / unit;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const steps = weights[i] / scale;
    const code = Math.min(Math.max(Math.round(steps), low), high);
    const error = Math.abs(steps - code);
    if (error <= 0.5) {
      const place = 2048 * error;
      const below = place | 0;
      sum += powers[below] + (place - below) * (powers[below + 1] - powers[below]);
    } else sum += error ** errorNorm;
    if (sum > most) return Infinity;
  }
  return unit * sum;
}

/** The sum of |error|^2.4, errors being in float32. */
function errorOf(
  weights: Float32Array | Float64Array,
  grid: WeightGrid,
  codeMax: number,
): number {
  let sum = 0;
  for (const weight of weights) {
    const steps = weightCode(weight, grid, codeMax) - grid.zeroPoint;
    const error = Math.fround(Math.fround(grid.scale * steps) - weight);
    sum += Math.abs(error) ** errorNorm;
  }
  return sum;
}

/** The code of one weight, in float32. */
export function weightCode(weight: number, { scale, zeroPoint }: WeightGrid, codeMax: number) {
  const code = roundHalfEven(Math.fround(weight / scale)) + zeroPoint;
  return Math.min(Math.max(code, 0), codeMax);
}
