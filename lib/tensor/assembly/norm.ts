// LayerNorm and RMSNorm over rows. Sums are taken in float64.

import { addWide, firstLanes, storeFirst, sumWide } from "./vector";

// @ts-ignore: decorator
@inline
function rowMean(x: usize, columns: i32): f64 {
  let sum = f64x2.splat(0);
  let j = 0;
  for (; j + 4 <= columns; j += 4) sum = addWide(sum, v128.load(x + (<usize> j << 2)));
  const rest = v128.and(v128.load(x + (<usize> j << 2)), firstLanes(columns - j));
  return sumWide(addWide(sum, rest)) / <f64> columns;
}

/** x - mean for a mean in two parts: a single float32 would lose what is small beside the mean. */
// @ts-ignore: decorator
@inline
function deviation(x: v128, mean: v128, rest: v128): v128 {
  return f32x4.sub(f32x4.sub(x, mean), rest);
}

// @ts-ignore: decorator
@inline
function square(x: v128): v128 {
  return f32x4.mul(x, x);
}

// @ts-ignore: decorator
@inline
function meanSquare(x: usize, columns: i32, mean: v128, rest: v128): f64 {
  let sum = f64x2.splat(0);
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    sum = addWide(sum, square(deviation(v128.load(x + (<usize> j << 2)), mean, rest)));
  }
  const last = square(deviation(v128.load(x + (<usize> j << 2)), mean, rest));
  return sumWide(addWide(sum, v128.and(last, firstLanes(columns - j)))) / <f64> columns;
}

/**
 * 1 / sqrt(mean square + epsilon); NaN if float32 does not hold the squares, where the quotient would
 * be 0 and the row vanish.
 */
// @ts-ignore: decorator
@inline
function inverseSize(meanSquare: f64, epsilon: f64): f32 {
  return <f32> (1 / Math.sqrt(meanSquare + epsilon) + (meanSquare - meanSquare));
}

/**
 * target = (x - mean) / sqrt(mean square of that + epsilon) gain + bias, for each of the rows; NaN
 * where the squares overflow.
 *
 * @param gain, bias Floats [columns]; no bias for address 0.
 * @param centred Whether the mean is that of the row (LayerNorm) or 0 (RMSNorm).
 */
export function normalizeRows(
  rows: i32,
  columns: i32,
  target: usize,
  x: usize,
  gain: usize,
  bias: usize,
  epsilon: f64,
  centred: bool,
): void {
  const rowBytes = <usize> columns << 2;
  for (let r = 0; r < rows; r++, x += rowBytes, target += rowBytes) {
    const exact = centred ? rowMean(x, columns) : 0;
    const mean = f32x4.splat(<f32> exact);
    const rest = f32x4.splat(<f32> (exact - <f64> <f32> exact));
    const inverse = f32x4.splat(inverseSize(meanSquare(x, columns, mean, rest), epsilon));
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      const normalized = f32x4.mul(deviation(v128.load(x + at), mean, rest), inverse);
      let y = f32x4.mul(normalized, v128.load(gain + at));
      if (bias) y = f32x4.add(y, v128.load(bias + at));
      storeFirst(target + at, y, columns - j);
    }
  }
}
