// What next-token distributions are scored and compared by. Sums over a row are taken in float64.

import { addWide, exp, firstLanes, lowest, maxLanes, sumWide } from "./vector";

// @ts-ignore: decorator
@inline
function rowMaximum(x: usize, columns: i32): v128 {
  let largest = lowest();
  for (let j = 0; j < columns; j += 4) {
    const lanes = firstLanes(columns - j);
    largest = f32x4.pmax(largest, v128.bitselect(v128.load(x + (<usize> j << 2)), lowest(), lanes));
  }
  return f32x4.splat(maxLanes(largest));
}

/** The first index at which a row has this value; `columns` if it has it nowhere. */
function indexOf(value: v128, x: usize, columns: i32): i32 {
  for (let j = 0; j < columns; j += 4) {
    const found = i32x4.bitmask(f32x4.eq(v128.load(x + (<usize> j << 2)), value));
    if (found) return j + ctz(found);
  }
  return columns;
}

/**
 * Compares rows of logits p and q with largest elements P and Q: writes for each row, in float64,
 * the sum of e^(p - P), the sum of e^(q - Q) and the sum of e^(p - P) ((p - P) - (q - Q)); and,
 * in int32, where P and Q stand first.
 */
export function compareRows(
  rows: i32,
  columns: i32,
  sums: usize,
  best: usize,
  p: usize,
  q: usize,
): void {
  for (let r = 0; r < rows; r++) {
    const largestP = rowMaximum(p, columns);
    const largestQ = rowMaximum(q, columns);
    let totalP = f64x2.splat(0);
    let totalQ = f64x2.splat(0);
    let weighted = f64x2.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const lanes = firstLanes(columns - j);
      const shiftedP = f32x4.sub(v128.load(p + (<usize> j << 2)), largestP);
      const shiftedQ = f32x4.sub(v128.load(q + (<usize> j << 2)), largestQ);
      const weight = v128.and(exp(shiftedP), lanes);
      totalP = addWide(totalP, weight);
      totalQ = addWide(totalQ, v128.and(exp(shiftedQ), lanes));
      const term = f32x4.mul(weight, f32x4.sub(shiftedP, shiftedQ));
      weighted = addWide(weighted, v128.and(term, lanes));
    }
    store<f64>(sums, sumWide(totalP));
    store<f64>(sums, sumWide(totalQ), 8);
    store<f64>(sums, sumWide(weighted), 16);
    store<i32>(best, indexOf(largestP, p, columns));
    store<i32>(best, indexOf(largestQ, q, columns), 4);
    sums += 24;
    best += 8;
    p += <usize> columns << 2;
    q += <usize> columns << 2;
  }
}
