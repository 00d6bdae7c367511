// Linear layers in integers for one row or few: their time is that of reading the weight. Codes go from
// memory to registers, two panels side by side for each activation.

import { BLOCK_SUMS, findSegments, sumHalfBytes } from "./half_byte_row";
import { Block, IntegerWeight, loadBytes, PANEL, STEP_BYTES } from "./integer_weight";
import { storeFirst } from "./vector";
import { workspace } from "./workspace";

/** Bytes of activations of four rows from one step to the next. */
const QUADS: usize = 16;

/** The sums of blocks for 16 rows of the weight: 32-bit integers [blocks, 16]; of 8-bit codes of one block. */
// @ts-ignore: decorator
@inline
function blockSums(): usize {
  return workspace;
}

/** Bytes of the most sums of blocks. */
const SUM_BYTES: usize = 1 << 20;

/** Activations as 16-bit integers, [rows, places], for 8-bit codes. */
// @ts-ignore: decorator
@inline
function wideCodes(): usize {
  return workspace + SUM_BYTES;
}

/** The segments of the weight's panels, for 4-bit codes. */
// @ts-ignore: decorator
@inline
function segments(): usize {
  return workspace + SUM_BYTES;
}

/** Four sums, each of two neighbours of the eight integers in a and b. */
// @ts-ignore: decorator
@inline
function addNeighbours(a: v128, b: v128): v128 {
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
}

/** The sums of a block of 8-bit codes, `steps` of them; activations are 16-bit integers. */
// @ts-ignore: decorator
@inline
function sumBytes(x: usize, w: usize, w2: usize, steps: i32): void {
  const nothing = i32x4.splat(0);
  let c0 = nothing, c1 = nothing, c2 = nothing, c3 = nothing;
  let c4 = nothing, c5 = nothing, c6 = nothing, c7 = nothing;
  for (const end = w + <usize> steps * STEP_BYTES; w < end; w += STEP_BYTES, w2 += STEP_BYTES, x += 8) {
    const four = v128.load64_splat(x);
    let codes = v128.load(w);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(four, i16x8.extend_low_i8x16_u(codes)));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(four, i16x8.extend_high_i8x16_u(codes)));
    codes = v128.load(w, 16);
    c2 = i32x4.add(c2, i32x4.dot_i16x8_s(four, i16x8.extend_low_i8x16_u(codes)));
    c3 = i32x4.add(c3, i32x4.dot_i16x8_s(four, i16x8.extend_high_i8x16_u(codes)));
    codes = v128.load(w2);
    c4 = i32x4.add(c4, i32x4.dot_i16x8_s(four, i16x8.extend_low_i8x16_u(codes)));
    c5 = i32x4.add(c5, i32x4.dot_i16x8_s(four, i16x8.extend_high_i8x16_u(codes)));
    codes = v128.load(w2, 16);
    c6 = i32x4.add(c6, i32x4.dot_i16x8_s(four, i16x8.extend_low_i8x16_u(codes)));
    c7 = i32x4.add(c7, i32x4.dot_i16x8_s(four, i16x8.extend_high_i8x16_u(codes)));
  }
  const sums = blockSums();
  v128.store(sums, addNeighbours(c0, c1));
  v128.store(sums, addNeighbours(c2, c3), 16);
  v128.store(sums, addNeighbours(c4, c5), 32);
  v128.store(sums, addNeighbours(c6, c7), 48);
}

/** Brings the codes of one of four rows into 16-bit integers. */
function widen(target: usize, x: usize, places: i32): void {
  for (const end = target + (<usize> places << 1); target < end; target += 8, x += QUADS) {
    v128.store64_lane(target, i16x8.extend_low_i8x16_s(v128.load32_zero(x)), 0);
  }
}

/**
 * Four outputs y plus scale * (sum - zero * rowSum - zeroPoint * codeSum): the sums of a block corrected for both
 * zero points.
 *
 * @param grid The first of the four rows in the tables of the weight.
 */
// @ts-ignore: decorator
@inline
function addBlock(y: v128, sums: usize, weight: IntegerWeight, grid: usize, rowSum: v128, zeroPoint: v128): v128 {
  const zero = i32x4.mul(loadBytes(weight.zero() + grid), rowSum);
  const offset = i32x4.mul(weight.sums(grid), zeroPoint);
  const sum = i32x4.sub(i32x4.sub(v128.load(sums), zero), offset);
  return f32x4.add(y, f32x4.mul(v128.load(weight.scale() + (grid << 2)), f32x4.convert_i32x4_s(sum)));
}

/** The outputs of one row for two panels, or for one that is given twice. */
function twoPanels(
  wide: bool,
  y: usize,
  x: usize,
  rowSums: usize,
  weight: IntegerWeight,
  bias: usize,
  zeroPoint: i32,
  first: i32,
  second: i32,
  pair: bool,
  segmentEnd: usize,
): void {
  const column = <usize> first << 2, column2 = <usize> second << 2, zero = i32x4.splat(zeroPoint);
  const panel = weight.codes() + <usize> (first / PANEL) * weight.panelBytes;
  const panel2 = weight.codes() + <usize> (second / PANEL) * weight.panelBytes;
  let y0 = v128.load(bias + column), y1 = v128.load(bias + column, 16), y2 = y0, y3 = y1;
  if (pair) {
    y2 = v128.load(bias + column2);
    y3 = v128.load(bias + column2, 16);
  }
  let block = weight.block(), grid = <usize> first, sums = blockSums();
  const apart = <usize> (second - first);
  if (!wide) sumHalfBytes(sums, x, panel, panel2, segments(), segmentEnd, weight);
  for (let b = weight.blocks; b > 0; b--, block += 16, grid += weight.paddedRows, rowSums += 16) {
    if (wide) {
      const place = <usize> changetype<Block>(block).place;
      sumBytes(x + (place << 1), panel + place * PANEL, panel2 + place * PANEL, changetype<Block>(block).depth >> 2);
    }
    const rowSum = v128.load32_splat(rowSums);
    y0 = addBlock(y0, sums, weight, grid, rowSum, zero);
    y1 = addBlock(y1, sums + 16, weight, grid + 4, rowSum, zero);
    if (pair) {
      y2 = addBlock(y2, sums + 32, weight, grid + apart, rowSum, zero);
      y3 = addBlock(y3, sums + 48, weight, grid + apart + 4, rowSum, zero);
    }
    if (!wide) sums += BLOCK_SUMS;
  }
  const columns = weight.rows - first;
  storeFirst(y + column, y0, columns);
  if (columns > 4) storeFirst(y + column + 16, y1, columns - 4);
  if (!pair) return;
  const columns2 = weight.rows - second;
  storeFirst(y + column2, y2, columns2);
  if (columns2 > 4) storeFirst(y + column2 + 16, y3, columns2 - 4);
}

/**
 * `integerLinear` for up to four rows, the same to the last bit.
 *
 * @param zeroPoint The code of zero of the activations less 128.
 */
export function integerRows(
  y: usize,
  a: usize,
  rowSums: usize,
  rows: i32,
  head: usize,
  bias: usize,
  zeroPoint: i32,
  firstPanel: i32,
  lastPanel: i32,
): void {
  const weight = changetype<IntegerWeight>(head);
  const wide = weight.bits == 8, rowBytes = <usize> weight.rows << 2, wideBytes = <usize> weight.places << 1;
  let end: usize = 0;
  if (wide) {
    for (let row = 0; row < rows; row++) {
      widen(wideCodes() + <usize> row * wideBytes, a + (<usize> row << 2), weight.places);
    }
  } else end = findSegments(segments(), weight);
  // Two panels far apart: memory is read in two long runs, which the processor looks ahead of.
  const half = (lastPanel - firstPanel + 1) >> 1;
  for (let p = firstPanel; p < firstPanel + half; p++) {
    const pair = p + half < lastPanel, first = p * PANEL, second = pair ? (p + half) * PANEL : first;
    let to = y, from = rowSums, x = wide ? wideCodes() : a;
    for (let row = 0; row < rows; row++, to += rowBytes, from += 4) {
      if (wide) twoPanels(true, to, x, from, weight, bias, zeroPoint, first, second, pair, end);
      else twoPanels(false, to, x, from, weight, bias, zeroPoint, first, second, pair, end);
      x += wide ? wideBytes : 4;
    }
  }
}
