// One row of a product with a weight of floats, an output a line: C[1, n] = A[1, k] op(B). Its time is that of
// reading the weight; two fours of lines at a time, as each sum waits long for its own steps.

import { interleaveHigh, interleaveLow, joinHigh, joinLow } from "./pack";
import { multiplyAdd, storeFirst } from "./vector";

/** Depth of a block, as in `matmul.ts`: blocks are summed up apart. */
const BLOCK_DEPTH: i32 = 256;

/** `sum` plus the products of four elements of A, given one to a vector, with four elements of four lines. */
// @ts-ignore: decorator
@inline
function addFour(sum: v128, line: usize, lineBytes: usize, a0: v128, a1: v128, a2: v128, a3: v128): v128 {
  const line2 = line + 2 * lineBytes;
  const b0 = v128.load(line), b1 = v128.load(line + lineBytes);
  const b2 = v128.load(line2), b3 = v128.load(line2 + lineBytes);
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
function column(line: usize, lineBytes: usize, lines: i32): v128 {
  const zero = f32x4.splat(0);
  const b0 = v128.load32_zero(line), b1 = lines > 1 ? v128.load32_zero(line + lineBytes) : zero;
  const b2 = lines > 2 ? v128.load32_zero(line + 2 * lineBytes) : zero;
  const b3 = lines > 3 ? v128.load32_zero(line + 3 * lineBytes) : zero;
  return joinLow(interleaveLow(b0, b1), interleaveLow(b2, b3));
}

/** Elements of C from a row of A and four (or eight) lines, of which `lines` are there. */
// @ts-ignore: decorator
@inline
function rowPart(
  two: bool,
  a: usize,
  line: usize,
  lineBytes: usize,
  depth: i32,
  c: usize,
  lines: i32,
  accumulate: bool,
): void {
  const next = line + 4 * lineBytes;
  let sum = f32x4.splat(0), sumNext = sum;
  let p = 0;
  if (lines >= 4) {
    for (; p + 4 <= depth; p += 4) {
      const at = <usize> p << 2, row = v128.load(a + at);
      const a0 = v128.shuffle<f32>(row, row, 0, 0, 0, 0), a1 = v128.shuffle<f32>(row, row, 1, 1, 1, 1);
      const a2 = v128.shuffle<f32>(row, row, 2, 2, 2, 2), a3 = v128.shuffle<f32>(row, row, 3, 3, 3, 3);
      sum = addFour(sum, line + at, lineBytes, a0, a1, a2, a3);
      if (two) sumNext = addFour(sumNext, next + at, lineBytes, a0, a1, a2, a3);
    }
  }
  for (; p < depth; p++) {
    const at = <usize> p << 2, element = v128.load32_splat(a + at);
    sum = multiplyAdd(element, column(line + at, lineBytes, lines), sum);
    if (two) sumNext = multiplyAdd(element, column(next + at, lineBytes, 4), sumNext);
  }
  if (accumulate) sum = f32x4.add(sum, v128.load(c));
  storeFirst(c, sum, lines);
  if (!two) return;
  if (accumulate) sumNext = f32x4.add(sumNext, v128.load(c, 16));
  v128.store(c, sumNext, 16);
}

/**
 * C [1, n] from a row of A [1, k] and n lines of floats, `lineBytes` from one to the next: the same to the last bit
 * as `matmul` of several rows.
 */
export function multiplyRow(a: usize, b: usize, c: usize, n: i32, k: i32, lineBytes: usize): void {
  for (let j = 0; j < n; j += 8) {
    const lines = n - j;
    let line = b + <usize> j * lineBytes, from = a;
    for (let p = 0; p < k; p += BLOCK_DEPTH, line += <usize> BLOCK_DEPTH << 2, from += BLOCK_DEPTH << 2) {
      const depth = min(BLOCK_DEPTH, k - p), to = c + (<usize> j << 2);
      if (lines >= 8) {
        rowPart(true, from, line, lineBytes, depth, to, 4, p > 0);
        continue;
      }
      rowPart(false, from, line, lineBytes, depth, to, min(4, lines), p > 0);
      if (lines <= 4) continue;
      rowPart(false, from, line + 4 * lineBytes, lineBytes, depth, to + 16, lines - 4, p > 0);
    }
  }
}
