// Next-token scores from a tile of a head's output, which is never kept: rows of hidden states times some
// tokens of the vocabulary.

import { multiplyFloats } from "./float_product";
import { distance, rowMaximum } from "./loss";
import { matmul, PRODUCT_WORKSPACE } from "./matmul";
import { addPowers, addWide, firstLanes, powerOfNegative, sumWide } from "./vector";
import { workspace } from "./workspace";

/** What is known of a row of a tile, in float64: `ops/score_tiles.ts` reads it. */
const RECORD_BYTES: usize = 32;
const LARGEST: usize = 0;
const SUM: usize = 8;
const BEST: usize = 16;
const WEIGHTED: usize = 24;

/** x weight^T + bias, rows `stride` elements apart. */
function multiply(
  rows: i32,
  columns: i32,
  x: usize,
  weight: usize,
  bias: usize,
  depth: i32,
  tile: usize,
  stride: i32,
  native: bool,
): void {
  if (native) multiplyFloats(x, depth, weight, depth, true, tile, stride, rows, columns, depth);
  else matmul(x, weight, tile, rows, columns, depth, depth, 1, 1, depth, stride);
  if (!bias) return;
  for (let r = 0; r < rows; r++, tile += <usize> stride << 2) {
    for (let at: usize = 0; at < <usize> columns << 2; at += 16) {
      v128.store(tile + at, f32x4.add(v128.load(tile + at), v128.load(bias + at)));
    }
  }
}

/** The sum over a row of e^(x - shift), in float64 but for every 16 elements; `powers` gets its terms. */
// @ts-ignore: decorator
@inline
function sumOfPowers(x: usize, columns: i32, shift: v128, powers: usize): f64 {
  const zero = f32x4.splat(0);
  let total = f64x2.splat(0);
  let j = 0;
  for (; j + 16 <= columns; j += 16, x += 64, powers += 64) {
    const a = distance(x, shift), b = distance(x + 16, shift);
    const c = distance(x + 32, shift), d = distance(x + 48, shift);
    total = addWide(total, addPowers(zero, a, b, c, d, powers, true));
  }
  for (; j < columns; j += 4, x += 16, powers += 16) {
    const rest = v128.and(powerOfNegative(distance(x, shift)), firstLanes(columns - j));
    v128.store(powers, rest);
    total = addWide(total, rest);
  }
  return sumWide(total);
}

/** The first index at which a row has this value; `columns` if it has it nowhere. */
function indexOf(value: v128, x: usize, columns: i32): i32 {
  for (let j = 0; j < columns; j += 4) {
    const found = i32x4.bitmask(f32x4.eq(v128.load(x + (<usize> j << 2)), value));
    if (found) return min(columns, j + ctz(found));
  }
  return columns;
}

/**
 * Writes the largest logit of a row, finite for one of negative infinities, and the sum of e^(x - largest).
 *
 * @param powers Where the terms of the sum go.
 * @returns The largest, in every lane.
 */
function recordRow(x: usize, columns: i32, record: usize, powers: usize): v128 {
  const shift = f32x4.pmax(f32x4.splat(-f32.MAX_VALUE), rowMaximum(x, columns));
  store<f64>(record, <f64> f32x4.extract_lane(shift, 0), LARGEST);
  store<f64>(record, sumOfPowers(x, columns, shift, powers), SUM);
  return shift;
}

/** The sum over a row of e^(p - P) ((p - P) - (q - Q)), P and Q being the largest of p and q. */
function weightedSum(
  columns: i32,
  powers: usize,
  p: usize,
  q: usize,
  largestP: v128,
  largestQ: v128,
): f64 {
  let total = f64x2.splat(0);
  for (let j = 0; j < columns; j += 4, powers += 16, p += 16, q += 16) {
    const difference = f32x4.sub(f32x4.sub(v128.load(p), largestP), f32x4.sub(v128.load(q), largestQ));
    const term = f32x4.mul(v128.load(powers), difference);
    total = addWide(total, v128.and(term, firstLanes(columns - j)));
  }
  return sumWide(total);
}

/**
 * The logits of some rows for the tokens first <= t < first + columns, and what a head has to say about them
 * in the end: of each row its record and, if it is among these tokens, the logit of the target.
 *
 * @param rows Two tiles of so many rows, and one row more, fit the workspace beside the products.
 * @param targets Tokens [rows].
 * @param x Hidden states [rows, depth]; weight [columns, depth]; bias [columns], none for address 0.
 * @param chosen Logits [rows].
 * @param records {@link RECORD_BYTES} each: the largest logit, the sum of e^(logit - largest) and, with a
 * reference, the token that has the largest first and, in the reference's, what {@link weightedSum} says.
 * @param referenceX, ... The same of a reference; none for address 0.
 */
export function scoreTile(
  rows: i32,
  first: i32,
  columns: i32,
  native: bool,
  targets: usize,
  x: usize,
  weight: usize,
  bias: usize,
  depth: i32,
  chosen: usize,
  records: usize,
  referenceX: usize,
  referenceWeight: usize,
  referenceBias: usize,
  referenceDepth: i32,
  referenceChosen: usize,
  referenceRecords: usize,
): void {
  // Rows a power of two apart would fall into the same sets of the caches.
  const stride = (columns + 31) & ~15 | 16;
  const rowBytes = <usize> stride << 2;
  const powers = workspace + PRODUCT_WORKSPACE;
  let q = powers + rowBytes;
  let p = q + <usize> rows * rowBytes;
  multiply(rows, columns, x, weight, bias, depth, q, stride, native);
  if (referenceX) {
    multiply(
      rows,
      columns,
      referenceX,
      referenceWeight,
      referenceBias,
      referenceDepth,
      p,
      stride,
      native,
    );
  }
  for (let r: usize = 0; r < <usize> rows; r++, q += rowBytes, p += rowBytes) {
    const target = <usize> load<i32>(targets + (r << 2)) - first;
    const isHere = target < <usize> columns;
    const record = records + r * RECORD_BYTES;
    const largest = recordRow(q, columns, record, powers);
    if (isHere) store<f32>(chosen + (r << 2), load<f32>(q + (target << 2)));
    if (!referenceX) continue;
    const reference = referenceRecords + r * RECORD_BYTES;
    const referenceLargest = recordRow(p, columns, reference, powers);
    if (isHere) store<f32>(referenceChosen + (r << 2), load<f32>(p + (target << 2)));
    store<f64>(reference, weightedSum(columns, powers, p, q, referenceLargest, largest), WEIGHTED);
    store<f64>(record, <f64> (first + indexOf(largest, q, columns)), BEST);
    store<f64>(reference, <f64> (first + indexOf(referenceLargest, p, columns)), BEST);
  }
}
