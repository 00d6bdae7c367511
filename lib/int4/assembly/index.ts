// The matrix product of the lane-packed multiplier (figure 5) on SIMD: two weights in each 16-bit
// operand, and i32x4.dot_i16x8_s makes sixteen products.
//
// The figure's two fields of 8 bits are full after one product. Here the operand is
//
//     (w_i - 8) 2^12 + w_j,   -2^15 to 2^15 - 1: the whole of 16 bits,
//
// and the activation is a - 7, -7..8. A 32-bit sum of their products holds two fields: above bit 12 that
// of w_i - 8, below it that of w_j, which starts at 2^11 - 8 sum(a - 7) and so ends at
// 2^11 + sum (w_j - 8)(a - 7). A product is -64..56, so that 32 of them stay within 0..2^12 - 1. Only
// then are the fields taken apart: the paper's figure, with the spill in place of the spreading.
//
// Columns of weights that share a group of scales form a block; its runs of at most 32 rows share a
// power of two of the activations (figure 6), by which the fields are shifted. A table says so, for each
// block: how many runs, then for each its rows and its power; 32-bit integers.

/** Rows of activations and columns of weights in a panel: two rows of them are a vector. */
const PANEL_ROWS: i32 = 4;
const PANEL_COLUMNS: i32 = 16;

/** Bits of the lower field. */
const FIELD_BITS: i32 = 12;

/** What a weight and an activation of code zero stand for. */
const WEIGHT_MIDDLE: i32 = 8;
const ACTIVATION_MIDDLE: i32 = 7;

/** Bytes of two rows in a panel: 4 pairs of activations of 16 bits, and 16 pairs of weights. */
const ACTIVATION_BYTES: usize = 16;
const WEIGHT_BYTES: usize = 32;

/** Bytes of the scales and starts of the sums of 16 columns. */
const GRID_BYTES: usize = 192;

/** Bytes of 16 sums. */
const SUM_BYTES: usize = 64;

/** Pairs of rows in a run; an odd last row is paired with zeros. */
// @ts-ignore: decorator
@inline
function pairsOf(run: usize): usize {
  return <usize> ((load<i32>(run) + 1) >> 1);
}

/** Where the table goes on after a block. */
// @ts-ignore: decorator
@inline
function nextBlock(table: usize): usize {
  return table + 4 + (<usize> load<i32>(table) << 3);
}

/** Pairs of rows in a block. */
function pairsOfBlock(table: usize): usize {
  let pairs: usize = 0;
  const end = nextBlock(table);
  for (let run = table + 4; run < end; run += 8) pairs += pairsOf(run);
  return pairs;
}

/** Bytes of activations of one block in a panel: a line more for each run, and one for the totals. */
// @ts-ignore: decorator
@inline
function activationBytes(table: usize): usize {
  return (pairsOfBlock(table) + load<i32>(table) + 1) * ACTIVATION_BYTES;
}

/** Bytes of a panel of activations. */
function panelBytes(table: usize, blocks: i32): usize {
  let bytes: usize = 0;
  for (let block = 0; block < blocks; block++, table = nextBlock(table)) bytes += activationBytes(table);
  return bytes;
}

/**
 * Codes of activations, round(clip(x / scale + shift)) + zero, 0..15, bit-equal to lib/quant.
 *
 * @param codes Bytes [rows, columns], in another order of columns.
 * @param x Floats [rows, columns].
 * @param scale Floats [columns].
 * @param order 32-bit integers [columns]: the column at each place of the codes.
 * @param flag Set to 1 if x holds NaN or infinity, else to 0.
 */
export function int4Codes(
  codes: usize,
  rows: i32,
  columns: i32,
  x: usize,
  scale: usize,
  shift: f32,
  low: f32,
  high: f32,
  zero: i32,
  order: usize,
  flag: usize,
): void {
  let strange: f32 = 0;
  const end = order + (<usize> columns << 2);
  for (let row = 0; row < rows; row++, x += <usize> columns << 2) {
    for (let place = order; place < end; place += 4, codes++) {
      const column = <usize> load<i32>(place) << 2;
      const value = load<f32>(x + column);
      strange += value - value;
      const ratio = value / load<f32>(scale + column) + shift;
      store<u8>(codes, <i32> nearest<f32>(max(low, min(high, ratio))) + zero);
    }
  }
  store<i32>(flag, strange != strange);
}

/**
 * Lays activations out in panels: per block and run what the sums start from, then the activations
 * less 7; at the end of each block their sum by its powers. The rows that a last panel lacks are 0.
 *
 * @param target `[panels]`, as long as the table says.
 * @param codes Bytes 0..15, `[rows, places]`, in the order of the runs.
 */
export function int4Panels(
  target: usize,
  codes: usize,
  rows: i32,
  places: i32,
  table: usize,
  blocks: i32,
): void {
  const panel = panelBytes(table, blocks);
  const count = (rows + PANEL_ROWS - 1) / PANEL_ROWS * PANEL_ROWS;
  for (let row = 0; row < count; row++) {
    let from = codes + <usize> row * places;
    let to = target + <usize> (row / PANEL_ROWS) * panel + (<usize> (row % PANEL_ROWS) << 2);
    let runs = table;
    for (let block = 0; block < blocks; block++) {
      const next = nextBlock(runs);
      let total = 0;
      for (let run = runs + 4; run < next; run += 8) {
        const start = to;
        const length = load<i32>(run);
        let sum = 0;
        for (let p = 0; p < length; p += 2) {
          to += ACTIVATION_BYTES;
          let first = 0, second = 0;
          if (row < rows) {
            first = <i32> load<u8>(from + p) - ACTIVATION_MIDDLE;
            if (p + 1 < length) second = <i32> load<u8>(from + p, 1) - ACTIVATION_MIDDLE;
          }
          sum += first + second;
          store<i32>(to, (first & 0xffff) | (second << 16));
        }
        store<i32>(start, (1 << (FIELD_BITS - 1)) - WEIGHT_MIDDLE * sum);
        total += sum << load<i32>(run, 4);
        to += ACTIVATION_BYTES;
        from += length;
      }
      store<i32>(to, total);
      to += ACTIVATION_BYTES;
      runs = next;
    }
  }
}

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
 * gain by each 1 that the activations sum up to in 32-bit integers, then per two rows the pairs of columns 0 and 4, 1 and 5, 2 and 6, 3 and 7, 8 and
 * 12, ...
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
