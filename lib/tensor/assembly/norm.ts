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

// @ts-ignore: decorator
@inline
function squares(x: v128, mean: v128): v128 {
  const deviation = f32x4.sub(x, mean);
  return f32x4.mul(deviation, deviation);
}

// @ts-ignore: decorator
@inline
function meanSquare(x: usize, columns: i32, mean: v128): f64 {
  let sum = f64x2.splat(0);
  let j = 0;
  for (; j + 4 <= columns; j += 4) sum = addWide(sum, squares(v128.load(x + (<usize> j << 2)), mean));
  const rest = v128.and(squares(v128.load(x + (<usize> j << 2)), mean), firstLanes(columns - j));
  return sumWide(addWide(sum, rest)) / <f64> columns;
}

/**
 * target = (x - mean) / sqrt(mean square of that + epsilon) gain + bias, for each of the rows.
 *
 * @param gain, bias [columns]; no bias for address 0.
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
  for (let r = 0; r < rows; r++) {
    const mean = f32x4.splat(centred ? <f32> rowMean(x, columns) : 0);
    const inverse = f32x4.splat(<f32> (1 / Math.sqrt(meanSquare(x, columns, mean) + epsilon)));
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      const normalized = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
      let y = f32x4.mul(normalized, v128.load(gain + at));
      if (bias) y = f32x4.add(y, v128.load(bias + at));
      storeFirst(target + at, y, columns - j);
    }
    x += <usize> columns << 2;
    target += <usize> columns << 2;
  }
}
