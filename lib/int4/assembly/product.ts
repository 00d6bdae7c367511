// Panels of activations times panels of weights.

import {
  ACTIVATION_BYTES,
  activationBytes,
  FIELD_BITS,
  GRID_BYTES,
  nextBlock,
  PANEL_ROWS,
  panelBytes,
  pairsOf,
  pairsOfBlock,
  SUM_BYTES,
  WEIGHT_BYTES,
} from "./layout";

// @ts-ignore: decorator
@inline
function dotAdd(sum: v128, x: v128, weights: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, weights));
}

/** Adds both fields, by a power of two where there is one, to the sums of 4 columns each. */
// @ts-ignore: decorator
@inline
function spill(sums: usize, fields: v128, shifts: bool, power: i32): void {
  let upper = i32x4.shr_s(fields, FIELD_BITS);
  let lower = v128.and(fields, i32x4.splat((1 << FIELD_BITS) - 1));
  if (shifts) {
    upper = i32x4.shl(upper, power);
    lower = i32x4.shl(lower, power);
  }
  v128.store(sums, i32x4.add(v128.load(sums), upper));
  v128.store(sums, i32x4.add(v128.load(sums, 16), lower), 16);
}

/**
 * Adds the runs of one block of 4 rows and 16 columns to their sums. One load and four shuffles are
 * cheaper than four loads.
 */
function tile(a: usize, b: usize, sums: usize, run: usize, end: usize): void {
  for (; run < end; run += 8) {
    const power = load<i32>(run, 4);
    let x = v128.load(a);
    let s00 = v128.shuffle<u32>(x, x, 0, 0, 0, 0), s10 = v128.shuffle<u32>(x, x, 1, 1, 1, 1);
    let s20 = v128.shuffle<u32>(x, x, 2, 2, 2, 2), s30 = v128.shuffle<u32>(x, x, 3, 3, 3, 3);
    let s01 = s00, s11 = s10, s21 = s20, s31 = s30;
    a += ACTIVATION_BYTES;
    const last = a + pairsOf(run) * ACTIVATION_BYTES;
    for (; a < last; a += ACTIVATION_BYTES, b += WEIGHT_BYTES) {
      const left = v128.load(b), right = v128.load(b, 16);
      x = v128.load(a);
      let row = v128.shuffle<u32>(x, x, 0, 0, 0, 0);
      s00 = dotAdd(s00, row, left);
      s01 = dotAdd(s01, row, right);
      row = v128.shuffle<u32>(x, x, 1, 1, 1, 1);
      s10 = dotAdd(s10, row, left);
      s11 = dotAdd(s11, row, right);
      row = v128.shuffle<u32>(x, x, 2, 2, 2, 2);
      s20 = dotAdd(s20, row, left);
      s21 = dotAdd(s21, row, right);
      row = v128.shuffle<u32>(x, x, 3, 3, 3, 3);
      s30 = dotAdd(s30, row, left);
      s31 = dotAdd(s31, row, right);
    }
    if (power) {
      spill(sums, s00, true, power);
      spill(sums + 32, s01, true, power);
      spill(sums + 64, s10, true, power);
      spill(sums + 96, s11, true, power);
      spill(sums + 128, s20, true, power);
      spill(sums + 160, s21, true, power);
      spill(sums + 192, s30, true, power);
      spill(sums + 224, s31, true, power);
    } else {
      spill(sums, s00, false, power);
      spill(sums + 32, s01, false, power);
      spill(sums + 64, s10, false, power);
      spill(sums + 96, s11, false, power);
      spill(sums + 128, s20, false, power);
      spill(sums + 160, s21, false, power);
      spill(sums + 192, s30, false, power);
      spill(sums + 224, s31, false, power);
    }
  }
}

/** Starts all sums from what zero points take from products of codes, negative. */
// @ts-ignore: decorator
@inline
function start(sums: usize, grid: usize, totals: usize): void {
  const x = v128.load(totals);
  const t0 = v128.shuffle<u32>(x, x, 0, 0, 0, 0), t1 = v128.shuffle<u32>(x, x, 1, 1, 1, 1);
  const t2 = v128.shuffle<u32>(x, x, 2, 2, 2, 2), t3 = v128.shuffle<u32>(x, x, 3, 3, 3, 3);
  for (const end = sums + SUM_BYTES; sums < end; sums += 16, grid += 16) {
    const offset = v128.load(grid, 64);
    const factor = v128.load(grid, 128);
    v128.store(sums, i32x4.add(offset, i32x4.mul(factor, t0)));
    v128.store(sums, i32x4.add(offset, i32x4.mul(factor, t1)), 64);
    v128.store(sums, i32x4.add(offset, i32x4.mul(factor, t2)), 128);
    v128.store(sums, i32x4.add(offset, i32x4.mul(factor, t3)), 192);
  }
}

/** Writes the sums of 4 columns, or adds them up in scaled floats. */
// @ts-ignore: decorator
@inline
function finish(scaled: bool, y: usize, sums: usize, scales: usize): void {
  if (scaled) {
    const value = f32x4.mul(v128.load(scales), f32x4.convert_i32x4_s(v128.load(sums)));
    v128.store(y, f32x4.add(v128.load(y), value));
  } else {
    v128.store(y, v128.load(sums));
  }
}

/** One block of 16 columns: adds up `rows` rows, 4 at a time. */
// @ts-ignore: decorator
@inline
function multiplyBlock(
  scaled: bool,
  y: usize,
  stride: usize,
  rows: i32,
  a: usize,
  panel: usize,
  b: usize,
  table: usize,
  sums: usize,
): void {
  const next = nextBlock(table);
  const totals = activationBytes(table) - ACTIVATION_BYTES;
  for (let first = 0; first < rows; first += PANEL_ROWS, a += panel) {
    start(sums, b, a + totals);
    tile(a, b + GRID_BYTES, sums, table + 4, next);
    const end = sums + <usize> min(PANEL_ROWS, rows - first) * SUM_BYTES;
    for (let at = sums; at < end; at += SUM_BYTES, y += stride) {
      finish(scaled, y, at, b);
      finish(scaled, y + 16, at + 16, b + 16);
      finish(scaled, y + 32, at + 32, b + 32);
      finish(scaled, y + 48, at + 48, b + 48);
    }
  }
}

// @ts-ignore: decorator
@inline
function multiply(
  scaled: bool,
  y: usize,
  stride: i32,
  rows: i32,
  a: usize,
  b: usize,
  columnPanels: i32,
  table: usize,
  blocks: i32,
  sums: usize,
): void {
  const panel = panelBytes(table, blocks);
  const rowBytes = <usize> stride << 2;
  for (let column = 0; column < columnPanels; column++, y += SUM_BYTES) {
    let from = a;
    for (let block = 0, runs = table; block < blocks; block++, runs = nextBlock(runs)) {
      multiplyBlock(scaled, y, rowBytes, rows, from, panel, b, runs, sums);
      from += activationBytes(runs);
      b += GRID_BYTES + pairsOfBlock(runs) * WEIGHT_BYTES;
    }
  }
}

/**
 * Adds the scaled sums of all blocks to y, in float32.
 *
 * @param y Rows `stride` elements apart; 16 columns per panel are written.
 * @param a Panels of {@linkcode int4Panels}.
 * @param b Panels of 16 columns: per block 16 scales in float32, what 16 sums start from and what they
 * gain by each 1 that the activations sum up to in 32-bit integers, then per depth of two the pairs of
 * columns 0 and 4, 1 and 5, 2 and 6, 3 and 7, 8 and 12, ...
 * @param sums Room for 256 bytes, of this call alone.
 */
export function int4Linear(
  y: usize,
  stride: i32,
  rows: i32,
  a: usize,
  b: usize,
  columnPanels: i32,
  table: usize,
  blocks: i32,
  sums: usize,
): void {
  multiply(true, y, stride, rows, a, b, columnPanels, table, blocks, sums);
}

/** As {@linkcode int4Linear}, but writes the sums of the last block, 32-bit integers. */
export function int4Matmul(
  y: usize,
  stride: i32,
  rows: i32,
  a: usize,
  b: usize,
  columnPanels: i32,
  table: usize,
  blocks: i32,
  sums: usize,
): void {
  multiply(false, y, stride, rows, a, b, columnPanels, table, blocks, sums);
}
