// Quantization of activations, bit-equal to lib/quant. Every kernel says by a flag whether it met a
// value that it must refuse; what it then wrote means nothing.

import { Block, Chain, IntegerWeight } from "./integer_weight";
import { firstLanes, storeFirst } from "./vector";
import { workspace } from "./workspace";

/** 1.5 2^23: adding it rounds |x| < 2^22 to an integer, ties to even, and leaves no negative zero. */
const ROUNDER: f32 = 12582912;
const ROUNDER_BITS: i32 = 0x4b400000;

/** x / scale + shift, clipped to low..high. */
// @ts-ignore: decorator
@inline
function clippedRatio(x: v128, scale: v128, shift: v128, low: v128, high: v128): v128 {
  const ratio = f32x4.add(f32x4.div(x, scale), shift);
  return f32x4.pmax(low, f32x4.pmin(high, ratio));
}

/** Not all zeros where x is NaN or infinite. */
// @ts-ignore: decorator
@inline
function strangeness(x: v128): v128 {
  return f32x4.sub(x, x);
}

/**
 * target = (round(clip(x / scale + shift)) - shift) * scale, rows of `columns` elements.
 *
 * @param scale As `shift`, `low` and `high`: floats [columns].
 * @param flag Set to 1 if x holds NaN or infinity, else to 0.
 */
export function fakeQuantUniform(
  rows: i32,
  columns: i32,
  target: usize,
  x: usize,
  scale: usize,
  shift: usize,
  low: usize,
  high: usize,
  flag: usize,
): void {
  const rounder = f32x4.splat(ROUNDER);
  let strange = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      const count = columns - j;
      const step = v128.load(scale + at);
      const zero = v128.load(shift + at);
      let value = v128.load(x + at);
      if (count < 4) value = v128.and(value, firstLanes(count));
      strange = v128.or(strange, strangeness(value));
      value = clippedRatio(value, step, zero, v128.load(low + at), v128.load(high + at));
      value = f32x4.sub(f32x4.add(value, rounder), rounder);
      value = f32x4.mul(f32x4.sub(value, zero), step);
      storeFirst(target + at, value, count);
    }
    x += <usize> columns << 2;
    target += <usize> columns << 2;
  }
  store<i32>(flag, v128.any_true(strange));
}

/** Four activations, clipped and rounded: ROUNDER plus steps, whose low bits hold the steps. */
// @ts-ignore: decorator
@inline
function roundedSteps(x: v128, scale: v128, shift: v128, low: v128, high: v128): v128 {
  return f32x4.add(clippedRatio(x, scale, shift, low, high), f32x4.splat(ROUNDER));
}

/**
 * Codes of activations for a linear layer in integers: round(clip(x / scale + shift)) + zero, 0..255,
 * less 128 if signed, in the order of the weight's places; 0 at padding.
 *
 * Four rows are worked on at a time. If there are not so many the last one is repeated: there is room for
 * all results of whole fours.
 *
 * @param codes Bytes: signed ones as {@link integerLinear} wants them, [rows / 4, places / 4, 4, 4] with
 * the rows before the places; others block by block, [padded rows, depth].
 * @param rowSums 32-bit integers [rows / 4, blocks, 4]: of each block of places the sums of code * factor.
 * @param firstRow As `lastRow`: which rows, the first a multiple of 4, the last one exclusive.
 * @param x Floats [rows, columns].
 * @param scale Floats [columns].
 * @param flag Set to 1 if x holds NaN or infinity, else to 0.
 */
export function quantizeCodes(
  codes: usize,
  rowSums: usize,
  firstRow: i32,
  lastRow: i32,
  paddedRows: i32,
  columns: i32,
  x: usize,
  scale: usize,
  shift: f32,
  low: f32,
  high: f32,
  zero: i32,
  signed: bool,
  head: usize,
  flag: usize,
): void {
  const weight = changetype<IntegerWeight>(head), lines = workspace;
  const shifts = f32x4.splat(shift), lows = f32x4.splat(low), highs = f32x4.splat(high);
  const base = i32x4.splat((ROUNDER_BITS - zero) * 0x01010101);
  const sign = i8x16.splat(signed ? -128 : 0);
  const stride = <usize> columns << 2;
  let strange = f32x4.splat(0);
  store<i32>(lines + stride, 0);
  for (let row = firstRow; row < lastRow; row += 4) {
    let x0 = x + <usize> row * stride;
    let x1 = row + 1 < lastRow ? x0 + stride : x0;
    let x2 = row + 2 < lastRow ? x1 + stride : x1;
    let x3 = row + 3 < lastRow ? x2 + stride : x2;
    for (let j: usize = 0; j < stride; j += 16, x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
      const step = v128.load(scale + j);
      let a = v128.load(x0), b = v128.load(x1), c = v128.load(x2), d = v128.load(x3);
      if (j + 16 > stride) {
        const rest = firstLanes(<i32> (stride - j) >> 2);
        a = v128.and(a, rest);
        b = v128.and(b, rest);
        c = v128.and(c, rest);
        d = v128.and(d, rest);
      }
      const odd = v128.or(v128.or(strangeness(a), strangeness(b)), v128.or(strangeness(c), strangeness(d)));
      strange = v128.or(strange, odd);
      a = roundedSteps(a, step, shifts, lows, highs);
      b = i32x4.shl(roundedSteps(b, step, shifts, lows, highs), 8);
      c = i32x4.shl(roundedSteps(c, step, shifts, lows, highs), 16);
      d = i32x4.shl(roundedSteps(d, step, shifts, lows, highs), 24);
      const four = i32x4.sub(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), base);
      storeFirst(lines + j, v128.xor(four, sign), <i32> (stride - j) >> 2);
    }
    const sums = rowSums + (<usize> (row * weight.blocks) << 2);
    if (signed) arrange(true, codes, sums, row, paddedRows, lines, weight);
    else arrange(false, codes, sums, row, paddedRows, lines, weight);
  }
  store<i32>(flag, v128.any_true(strange));
}

/** Brings the codes of four rows, [columns, 4], into the order of the places. */
// @ts-ignore: decorator
@inline
function arrange(
  signed: bool,
  codes: usize,
  rowSums: usize,
  row: i32,
  paddedRows: i32,
  lines: usize,
  weight: IntegerWeight,
): void {
  let column = weight.order(), chain = weight.chain(), block = weight.block();
  let to = codes + <usize> row * weight.places;
  for (let b = weight.blocks; b > 0; b--, block += 16, rowSums += 16) {
    const depth = <usize> changetype<Block>(block).depth;
    if (!signed) to = codes + <usize> changetype<Block>(block).place * paddedRows + <usize> row * depth;
    let total = i32x4.splat(0);
    for (let c = changetype<Block>(block).chains; c > 0; c--, chain += 16) {
      let sum = i32x4.splat(0);
      for (let step = changetype<Chain>(chain).steps; step > 0; step--, column += 16) {
        const from = v128.load(column);
        let four = v128.load32_zero(lines + i32x4.extract_lane(from, 0));
        four = v128.load32_lane(lines + i32x4.extract_lane(from, 1), four, 1);
        four = v128.load32_lane(lines + i32x4.extract_lane(from, 2), four, 2);
        four = v128.load32_lane(lines + i32x4.extract_lane(from, 3), four, 3);
        four = i8x16.shuffle(four, four, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        if (signed) {
          v128.store(to, four);
          to += 16;
          four = i16x8.extadd_pairwise_i8x16_s(four);
        } else {
          v128.store32_lane(to, four, 0);
          v128.store32_lane(to + depth, four, 1);
          v128.store32_lane(to + 2 * depth, four, 2);
          v128.store32_lane(to + 3 * depth, four, 3);
          to += 4;
          four = i16x8.extadd_pairwise_i8x16_u(four);
        }
        sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(four));
      }
      total = i32x4.add(total, i32x4.mul(sum, i32x4.splat(changetype<Chain>(chain).factor)));
    }
    v128.store(rowSums, total);
  }
}
