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
// What is summed up under one scale forms a block. Its runs, of a depth of at most 32, share a power of
// two of the activations (figure 6), by which the fields are shifted. A table says so, for each block: how
// many runs, then for each its depth and its power; 32-bit integers.

/** Rows of activations in a panel; one of weights has 16 columns. */
export const PANEL_ROWS: i32 = 4;

/** Bits of the lower field. */
export const FIELD_BITS: i32 = 12;

/** What a weight and an activation of code zero stand for. */
export const WEIGHT_MIDDLE: i32 = 8;
export const ACTIVATION_MIDDLE: i32 = 7;

/** Bytes of a depth of two in a panel: 4 pairs of activations of 16 bits, and 16 pairs of weights. */
export const ACTIVATION_BYTES: usize = 16;
export const WEIGHT_BYTES: usize = 32;

/** Bytes of the scales and starts of the sums of 16 columns. */
export const GRID_BYTES: usize = 192;

/** Bytes of 16 sums. */
export const SUM_BYTES: usize = 64;

/** The depth of a run in steps of two; an odd last one is filled up with zeros. */
// @ts-ignore: decorator
@inline
export function pairsOf(run: usize): usize {
  return <usize> ((load<i32>(run) + 1) >> 1);
}

/** Where the table goes on after a block. */
// @ts-ignore: decorator
@inline
export function nextBlock(table: usize): usize {
  return table + 4 + (<usize> load<i32>(table) << 3);
}

/** The depth of a block in steps of two. */
export function pairsOfBlock(table: usize): usize {
  let pairs: usize = 0;
  const end = nextBlock(table);
  for (let run = table + 4; run < end; run += 8) pairs += pairsOf(run);
  return pairs;
}

/** Bytes of activations of one block in a panel: a line more for each run, and one for the totals. */
// @ts-ignore: decorator
@inline
export function activationBytes(table: usize): usize {
  return (pairsOfBlock(table) + load<i32>(table) + 1) * ACTIVATION_BYTES;
}

/** Bytes of a panel of activations. */
export function panelBytes(table: usize, blocks: i32): usize {
  let bytes: usize = 0;
  for (let block = 0; block < blocks; block++, table = nextBlock(table)) bytes += activationBytes(table);
  return bytes;
}
