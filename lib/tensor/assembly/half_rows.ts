// Products of few rows with weights of 16-bit floats, whose time is that of reading the weight. Its lines (the
// columns of the product) stand in panels of 16, [depth, 16]: what is decoded side by side is multiplied by one
// element of A.

import { interleaveHigh, interleaveLow, joinHigh, joinLow } from "./pack";
import { multiplyAdd, storeFirst } from "./vector";

/** Lines of a panel, and bytes from one element of a line to the next. */
const PANEL: i32 = 16;
const PANEL_BYTES: usize = 32;

/** Depth of a block, as in `matmul.ts`: blocks are summed up apart. */
const BLOCK_DEPTH: i32 = 256;

/**
 * Constants, which an engine keeps in registers if they are read from memory before a loop: what binary16 has of its
 * sign, exponent and fraction in the upper half of float32, and what makes its exponent there one of float32's.
 */
const upperBits = memory.data<i16>([<i16> 0x8fff]);
const rebias = memory.data<f32>([5.192296858534828e33]); // 2^(127 - 15)

/** The lower, or the upper, four of eight numbers; of binary16 infinities and NaN would become finite. */
// @ts-ignore: decorator
@inline
function decodeFour(bfloats: bool, upper: bool, halves: v128, mask: v128, factor: v128): v128 {
  let low = i32x4.splat(0), high = halves;
  if (!bfloats) {
    low = i16x8.shl(halves, 13);
    high = v128.and(i16x8.shr_s(halves, 3), mask);
  }
  const bits = upper
    ? v128.shuffle<i16>(low, high, 4, 12, 5, 13, 6, 14, 7, 15)
    : v128.shuffle<i16>(low, high, 0, 8, 1, 9, 2, 10, 3, 11);
  return bfloats ? bits : f32x4.mul(bits, factor);
}

/** Elements of C from a row of A and a panel, of whose lines so many are there. */
// @ts-ignore: decorator
@inline
function multiplyPanel(bfloats: bool, a: usize, panel: usize, c: usize, k: i32, lines: i32): void {
  const zero = f32x4.splat(0), mask = v128.load16_splat(upperBits), factor = v128.load32_splat(rebias);
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero;
  for (let p = 0; p < k; p += BLOCK_DEPTH) {
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    for (const end = a + (<usize> min(BLOCK_DEPTH, k - p) << 2); a < end; a += 4, panel += PANEL_BYTES) {
      const element = v128.load32_splat(a), first = v128.load(panel), second = v128.load(panel, 16);
      s0 = multiplyAdd(element, decodeFour(bfloats, false, first, mask, factor), s0);
      s1 = multiplyAdd(element, decodeFour(bfloats, true, first, mask, factor), s1);
      s2 = multiplyAdd(element, decodeFour(bfloats, false, second, mask, factor), s2);
      s3 = multiplyAdd(element, decodeFour(bfloats, true, second, mask, factor), s3);
    }
    c0 = p == 0 ? s0 : f32x4.add(s0, c0);
    c1 = p == 0 ? s1 : f32x4.add(s1, c1);
    c2 = p == 0 ? s2 : f32x4.add(s2, c2);
    c3 = p == 0 ? s3 : f32x4.add(s3, c3);
  }
  storeFirst(c, c0, lines);
  if (lines > 4) storeFirst(c + 16, c1, lines - 4);
  if (lines > 8) storeFirst(c + 32, c2, lines - 8);
  if (lines > 12) storeFirst(c + 48, c3, lines - 12);
}

/**
 * C [rows, n] from A [rows, k] and n lines: the same to the last bit as `matmul` with what they stand for. A panel is
 * read from memory once for all rows.
 *
 * @param panels Finite numbers.
 * @param strideC Elements from a row of C to the next.
 * @param bfloats Whether they are bfloat16, or else binary16.
 */
export function halfRows(a: usize, panels: usize, c: usize, rows: i32, n: i32, k: i32, strideC: i32, bfloats: bool): void {
  const panelBytes = <usize> k * PANEL_BYTES;
  for (let j = 0; j < n; j += PANEL, panels += panelBytes, c += PANEL << 2) {
    let from = a, to = c;
    for (let row = 0; row < rows; row++, from += <usize> k << 2, to += <usize> strideC << 2) {
      if (bfloats) multiplyPanel(true, from, panels, to, k, n - j);
      else multiplyPanel(false, from, panels, to, k, n - j);
    }
  }
}

/** Stores as many of four elements of four lines, given line by line next to each other, as there are. */
// @ts-ignore: decorator
@inline
function storeLines(target: usize, lineBytes: usize, a: v128, b: v128, c: v128, d: v128, lines: i32, count: i32): void {
  const abLow = interleaveLow(a, b), cdLow = interleaveLow(c, d);
  const abHigh = interleaveHigh(a, b), cdHigh = interleaveHigh(c, d);
  if (lines > 0) storeFirst(target, joinLow(abLow, cdLow), count);
  if (lines > 1) storeFirst(target + lineBytes, joinHigh(abLow, cdLow), count);
  if (lines > 2) storeFirst(target + 2 * lineBytes, joinLow(abHigh, cdHigh), count);
  if (lines > 3) storeFirst(target + 3 * lineBytes, joinHigh(abHigh, cdHigh), count);
}

/** What panels as {@link halfRows} reads them stand for: floats [n, k]. */
export function decodePanels(target: usize, panels: usize, n: i32, k: i32, bfloats: bool): void {
  const lineBytes = <usize> k << 2, next = PANEL_BYTES;
  const mask = v128.load16_splat(upperBits), factor = v128.load32_splat(rebias);
  for (let j = 0; j < n; j += PANEL, target += PANEL * lineBytes, panels += <usize> k * PANEL_BYTES) {
    for (let quad = 0; quad < PANEL; quad += 4) {
      let from = panels + (<usize> quad << 1);
      const to = target + quad * lineBytes;
      for (let p = 0; p < k; p += 4, from += 4 * next) {
        const count = k - p;
        const a = v128.load64_zero(from), b = count > 1 ? v128.load64_zero(from + next) : a;
        const c = count > 2 ? v128.load64_zero(from + 2 * next) : a, d = count > 3 ? v128.load64_zero(from + 3 * next) : a;
        const at = to + (<usize> p << 2), lines = n - j - quad;
        if (bfloats) {
          storeLines(
            at,
            lineBytes,
            decodeFour(true, false, a, mask, factor),
            decodeFour(true, false, b, mask, factor),
            decodeFour(true, false, c, mask, factor),
            decodeFour(true, false, d, mask, factor),
            lines,
            count,
          );
        } else {
          storeLines(
            at,
            lineBytes,
            decodeFour(false, false, a, mask, factor),
            decodeFour(false, false, b, mask, factor),
            decodeFour(false, false, c, mask, factor),
            decodeFour(false, false, d, mask, factor),
            lines,
            count,
          );
        }
      }
    }
  }
}
