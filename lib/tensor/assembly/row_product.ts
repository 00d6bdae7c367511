// One row of a product with weights as checkpoints store them, an output a line: C[1, n] = A[1, k] op(B). Its
// time is that of reading the weight; two fours of lines at a time, as each sum waits long for its own steps.

import { interleaveHigh, interleaveLow, joinHigh, joinLow } from "./pack";
import { multiplyAdd, storeFirst } from "./vector";

/** Depth of a block, as in `matmul.ts`: blocks are summed up apart. */
const BLOCK_DEPTH: i32 = 256;

/** How lines are stored. */
export const enum Stored {
  Float32,
  /** Finite ones. */
  Float16,
  Bfloat16,
}

/** Bytes of an element, as a shift. */
// @ts-ignore: decorator
@inline
function sizeShift(stored: Stored): i32 {
  return stored == Stored.Float32 ? 2 : 1;
}

/** Sign, exponent and fraction of binary16 where float32 has them, and what makes its exponent one of float32's. */
const HALF_BITS: i32 = 0x8fffe000;
const REBIAS: f32 = 5.192296858534828e33; // 2^(127 - 15)

/** Four elements; of binary16 infinities and NaN would become finite. */
// @ts-ignore: decorator
@inline
function loadFour(stored: Stored, address: usize): v128 {
  if (stored == Stored.Float32) return v128.load(address);
  if (stored == Stored.Bfloat16) return i32x4.shl(v128.load16x4_u(address), 16);
  const bits = v128.and(i32x4.shl(v128.load16x4_s(address), 13), i32x4.splat(HALF_BITS));
  return f32x4.mul(bits, f32x4.splat(REBIAS));
}

/** `sum` plus the products of four elements of A, given one to a vector, with four elements of four lines. */
// @ts-ignore: decorator
@inline
function addFour(
  stored: Stored,
  sum: v128,
  line: usize,
  lineBytes: usize,
  a0: v128,
  a1: v128,
  a2: v128,
  a3: v128,
): v128 {
  const line2 = line + 2 * lineBytes;
  const b0 = loadFour(stored, line), b1 = loadFour(stored, line + lineBytes);
  const b2 = loadFour(stored, line2), b3 = loadFour(stored, line2 + lineBytes);
  const low = interleaveLow(b0, b1), lowNext = interleaveLow(b2, b3);
  const high = interleaveHigh(b0, b1), highNext = interleaveHigh(b2, b3);
  sum = multiplyAdd(a0, joinLow(low, lowNext), sum);
  sum = multiplyAdd(a1, joinHigh(low, lowNext), sum);
  sum = multiplyAdd(a2, joinLow(high, highNext), sum);
  return multiplyAdd(a3, joinHigh(high, highNext), sum);
}

/** The first element of four lines, from each; those that are not there are 0. */
// @ts-ignore: decorator
@inline
function column(stored: Stored, line: usize, lineBytes: usize, lines: i32): v128 {
  const zero = f32x4.splat(0);
  const b0 = loadFour(stored, line), b1 = lines > 1 ? loadFour(stored, line + lineBytes) : zero;
  const b2 = lines > 2 ? loadFour(stored, line + 2 * lineBytes) : zero;
  const b3 = lines > 3 ? loadFour(stored, line + 3 * lineBytes) : zero;
  return joinLow(interleaveLow(b0, b1), interleaveLow(b2, b3));
}

/** Elements of C from a row of A and four (or eight) lines, of which `lines` are there. */
// @ts-ignore: decorator
@inline
function rowPart(
  stored: Stored,
  two: bool,
  a: usize,
  line: usize,
  lineBytes: usize,
  depth: i32,
  c: usize,
  lines: i32,
  accumulate: bool,
): void {
  const shift = sizeShift(stored);
  const next = line + 4 * lineBytes;
  let sum = f32x4.splat(0), sumNext = sum;
  let p = 0;
  if (lines >= 4) {
    for (; p + 4 <= depth; p += 4) {
      const row = v128.load(a + (<usize> p << 2)), at = <usize> p << shift;
      const a0 = v128.shuffle<f32>(row, row, 0, 0, 0, 0), a1 = v128.shuffle<f32>(row, row, 1, 1, 1, 1);
      const a2 = v128.shuffle<f32>(row, row, 2, 2, 2, 2), a3 = v128.shuffle<f32>(row, row, 3, 3, 3, 3);
      sum = addFour(stored, sum, line + at, lineBytes, a0, a1, a2, a3);
      if (two) sumNext = addFour(stored, sumNext, next + at, lineBytes, a0, a1, a2, a3);
    }
  }
  for (; p < depth; p++) {
    const element = v128.load32_splat(a + (<usize> p << 2)), at = <usize> p << shift;
    sum = multiplyAdd(element, column(stored, line + at, lineBytes, lines), sum);
    if (two) sumNext = multiplyAdd(element, column(stored, next + at, lineBytes, 4), sumNext);
  }
  if (accumulate) sum = f32x4.add(sum, v128.load(c));
  storeFirst(c, sum, lines);
  if (!two) return;
  if (accumulate) sumNext = f32x4.add(sumNext, v128.load(c, 16));
  v128.store(c, sumNext, 16);
}

/** `stored` is a constant at each call. */
// @ts-ignore: decorator
@inline
function multiplyLines(stored: Stored, a: usize, b: usize, c: usize, n: i32, k: i32, lineBytes: usize): void {
  let j = 0;
  for (; j < n; j += 8) {
    const lines = n - j;
    let line = b + <usize> j * lineBytes, from = a;
    for (let p = 0; p < k; p += BLOCK_DEPTH, line += <usize> BLOCK_DEPTH << sizeShift(stored), from += BLOCK_DEPTH << 2) {
      const depth = min(BLOCK_DEPTH, k - p), to = c + (<usize> j << 2);
      if (lines >= 8) {
        rowPart(stored, true, from, line, lineBytes, depth, to, 4, p > 0);
        continue;
      }
      rowPart(stored, false, from, line, lineBytes, depth, to, min(4, lines), p > 0);
      if (lines <= 4) continue;
      rowPart(stored, false, from, line + 4 * lineBytes, lineBytes, depth, to + 16, lines - 4, p > 0);
    }
  }
}

/**
 * C [1, n] from a row of A [1, k] and n lines of floats, `lineBytes` from one to the next: the same to the last bit
 * as `matmul` of several rows.
 */
export function multiplyRow(a: usize, b: usize, c: usize, n: i32, k: i32, lineBytes: usize): void {
  multiplyLines(Stored.Float32, a, b, c, n, k, lineBytes);
}

/**
 * {@link multiplyRow} for each row of A, whose weights are stored in any form; a line is read once for all rows.
 *
 * @param a [rows, k]
 * @param c [rows, n], rows `strideC` elements apart.
 * @param stored {@link Stored}.
 */
export function storedRows(a: usize, b: usize, c: usize, rows: i32, n: i32, k: i32, strideC: i32, stored: i32): void {
  const lineBytes = <usize> k << sizeShift(stored);
  for (let j = 0; j < n; j += 8) {
    const lines = min(8, n - j);
    let from = a, to = c + (<usize> j << 2);
    for (let row = 0; row < rows; row++, from += <usize> k << 2, to += <usize> strideC << 2) {
      if (stored == Stored.Float32) multiplyLines(Stored.Float32, from, b, to, lines, k, lineBytes);
      else if (stored == Stored.Float16) multiplyLines(Stored.Float16, from, b, to, lines, k, lineBytes);
      else multiplyLines(Stored.Bfloat16, from, b, to, lines, k, lineBytes);
    }
    b += lineBytes << 3;
  }
}
