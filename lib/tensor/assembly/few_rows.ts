// Linear layers in integers for one row or few: their time is that of reading the weight. Codes go from
// memory to registers, two panels side by side for each activation.

import { Block, Chain, IntegerWeight, loadBytes, PANEL, STEP_BYTES } from "./integer_weight";
import { addPairs } from "./integer_tile";
import { storeFirst } from "./vector";
import { workspace } from "./workspace";

/** Bytes of activations of four rows from one step to the next. */
const QUADS: usize = 16;

/** The sums of one block: 32-bit integers of 16 rows of the weight. */
// @ts-ignore: decorator
@inline
function blockSums(): usize {
  return workspace;
}

/** Activations as 16-bit integers, [rows, places]. */
// @ts-ignore: decorator
@inline
function wideCodes(): usize {
  return workspace + 64;
}

/** Four rows' 16-bit sums of pairs plus a step's: 4-bit codes, the upper or the lower ones of the bytes at w. */
// @ts-ignore: decorator
@inline
function addStep(high: bool, sums: v128, four: v128, w: usize, mask: v128): v128 {
  const codes = v128.load(w);
  return addPairs(sums, four, v128.and(high ? i16x8.shr_u(codes, 4) : codes, mask));
}

/** The sums of a block of 4-bit codes of two panels, whose chains start at `chain`. */
// @ts-ignore: decorator
@inline
function sumHalfBytes(x: usize, panel: usize, panel2: usize, chain: usize, chains: i32, panelBytes: i32): void {
  const mask = i8x16.splat(15), nothing = i32x4.splat(0);
  let s0 = nothing, s1 = nothing, s2 = nothing, s3 = nothing;
  const apart = panel2 - panel;
  for (; chains > 0; chains--, chain += 16) {
    const part = changetype<Chain>(chain);
    const weight = part.weight, steps = part.steps;
    let from = x + (<usize> part.activation << 2);
    let c0 = nothing, c1 = nothing, c2 = nothing, c3 = nothing;
    // Of a chain across the middle of a panel the first steps are lower halves, the others upper ones.
    const low = <usize> min(steps, max(0, (panelBytes - weight) / <i32> STEP_BYTES));
    let w = panel + weight;
    for (const end = w + low * STEP_BYTES; w < end; w += STEP_BYTES, from += QUADS) {
      const four = v128.load32_splat(from), w2 = w + apart;
      c0 = addStep(false, c0, four, w, mask);
      c1 = addStep(false, c1, four, w + 16, mask);
      c2 = addStep(false, c2, four, w2, mask);
      c3 = addStep(false, c3, four, w2 + 16, mask);
    }
    w -= panelBytes;
    for (const end = w + (<usize> steps - low) * STEP_BYTES; w < end; w += STEP_BYTES, from += QUADS) {
      const four = v128.load32_splat(from), w2 = w + apart;
      c0 = addStep(true, c0, four, w, mask);
      c1 = addStep(true, c1, four, w + 16, mask);
      c2 = addStep(true, c2, four, w2, mask);
      c3 = addStep(true, c3, four, w2 + 16, mask);
    }
    const factor = i16x8.splat(<i16> part.factor);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(c0, factor));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(c1, factor));
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(c2, factor));
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(c3, factor));
  }
  const sums = blockSums();
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
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

/** The outputs of one row for two panels. */
function twoPanels(
  wide: bool,
  y: usize,
  x: usize,
  rowSums: usize,
  weight: IntegerWeight,
  bias: usize,
  zeroPoint: i32,
  first: i32,
  pair: bool,
): void {
  const column = <usize> first << 2, zero = i32x4.splat(zeroPoint);
  const panel = weight.codes() + <usize> (first / PANEL) * weight.panelBytes;
  const panel2 = pair ? panel + weight.panelBytes : panel;
  let y0 = v128.load(bias + column), y1 = v128.load(bias + column, 16), y2 = y0, y3 = y1;
  if (pair) {
    y2 = v128.load(bias + column, 32);
    y3 = v128.load(bias + column, 48);
  }
  let block = weight.block(), chain = weight.chain(), grid = <usize> first;
  const second: usize = pair ? 8 : 0, sums = blockSums();
  for (let b = weight.blocks; b > 0; b--, block += 16, grid += weight.paddedRows, rowSums += 16) {
    const chains = changetype<Block>(block).chains;
    if (wide) {
      const place = <usize> changetype<Block>(block).place;
      sumBytes(x + (place << 1), panel + place * PANEL, panel2 + place * PANEL, changetype<Block>(block).depth >> 2);
    } else sumHalfBytes(x, panel, panel2, chain, chains, weight.panelBytes);
    chain += <usize> chains << 4;
    const rowSum = v128.load32_splat(rowSums);
    y0 = addBlock(y0, sums, weight, grid, rowSum, zero);
    y1 = addBlock(y1, sums + 16, weight, grid + 4, rowSum, zero);
    if (pair) {
      y2 = addBlock(y2, sums + 32, weight, grid + second, rowSum, zero);
      y3 = addBlock(y3, sums + 48, weight, grid + second + 4, rowSum, zero);
    }
  }
  const columns = weight.rows - first;
  storeFirst(y + column, y0, columns);
  if (columns > 4) storeFirst(y + column + 16, y1, columns - 4);
  if (!pair) return;
  if (columns > 8) storeFirst(y + column + 32, y2, columns - 8);
  if (columns > 12) storeFirst(y + column + 48, y3, columns - 12);
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
  if (wide) {
    for (let row = 0; row < rows; row++) {
      widen(wideCodes() + <usize> row * wideBytes, a + (<usize> row << 2), weight.places);
    }
  }
  for (let p = firstPanel; p < lastPanel; p += 2) {
    const first = p * PANEL, pair = p + 1 < lastPanel;
    let to = y, from = rowSums, x = wide ? wideCodes() : a;
    for (let row = 0; row < rows; row++, to += rowBytes, from += 4) {
      if (wide) twoPanels(true, to, x, from, weight, bias, zeroPoint, first, pair);
      else twoPanels(false, to, x, from, weight, bias, zeroPoint, first, pair);
      x += wide ? wideBytes : 4;
    }
  }
}
