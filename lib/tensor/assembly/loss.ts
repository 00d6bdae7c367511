// The cross-entropy of rows of logits, and its gradient.

import {
  addPowers,
  addWide,
  expOfNegative,
  firstLanes,
  INVERSE_LN_2,
  lowest,
  maxLanes,
  powerOfNegative,
  storeFirst,
  sumWide,
} from "./vector";

/** The largest element of a row, in every lane. */
// @ts-ignore: decorator
@inline
export function rowMaximum(x: usize, columns: i32): v128 {
  let largest = lowest();
  let j = 0;
  for (; j + 4 <= columns; j += 4) largest = f32x4.pmax(largest, v128.load(x + (<usize> j << 2)));
  const rest = v128.load(x + (<usize> j << 2));
  largest = f32x4.pmax(largest, v128.bitselect(rest, lowest(), firstLanes(columns - j)));
  return f32x4.splat(maxLanes(largest));
}

/** How far a logit is below the largest one, `shift`, in binary logarithms. */
// @ts-ignore: decorator
@inline
export function distance(x: usize, shift: v128): v128 {
  return f32x4.mul(f32x4.sub(v128.load(x), shift), f32x4.splat(INVERSE_LN_2));
}

/** For each row its largest element, and in float64 the sum over the row of e^(x - largest). */
export function logSumExpParts(
  rows: i32,
  columns: i32,
  largests: usize,
  sums: usize,
  x: usize,
): void {
  const rowBytes = <usize> columns << 2;
  for (let r = 0; r < rows; r++, x += rowBytes) {
    const shift = rowMaximum(x, columns);
    const zero = f32x4.splat(0);
    let total = f64x2.splat(0);
    let j = 0;
    for (; j + 16 <= columns; j += 16) {
      const at = x + (<usize> j << 2);
      const a = distance(at, shift), b = distance(at + 16, shift);
      const c = distance(at + 32, shift), d = distance(at + 48, shift);
      total = addWide(total, addPowers(zero, a, b, c, d, 0, false));
    }
    for (; j < columns; j += 4) {
      const rest = powerOfNegative(distance(x + (<usize> j << 2), shift));
      total = addWide(total, v128.and(rest, firstLanes(columns - j)));
    }
    store<f32>(largests + (<usize> r << 2), f32x4.extract_lane(shift, 0));
    store<f64>(sums + (<usize> r << 3), sumWide(total));
  }
}

/** target[r, j] = factor[r] e^(x[r, j] - shift[r]). */
export function scaledExp(
  rows: i32,
  columns: i32,
  target: usize,
  x: usize,
  shift: usize,
  factor: usize,
): void {
  const rowBytes = <usize> columns << 2;
  for (let r = 0; r < rows; r++, x += rowBytes, target += rowBytes) {
    const rowShift = v128.load32_splat(shift + (<usize> r << 2));
    const rowFactor = v128.load32_splat(factor + (<usize> r << 2));
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      const power = expOfNegative(f32x4.sub(v128.load(x + at), rowShift));
      storeFirst(target + at, f32x4.mul(rowFactor, power), columns - j);
    }
  }
}
