// Linear layers in integers whose products a native library computes, block by block of the columns. A
// thread calls it for some rows and scales and adds the sums while its second-level cache holds them.

import {
  Block,
  Chain,
  corrections,
  IntegerWeight,
  loadBytes,
  PANEL,
  STEP_BYTES,
  unpackPanel,
} from "./integer_weight";
import { storeFirst } from "./vector";
import { workspace } from "./workspace";

/**
 * c = offset + a b^T: unsigned bytes [m, k] times signed bytes [n, k], in 32-bit integers. Rows of a
 * and of c are `strideA` and `strideC` elements apart; `offset` is [n].
 */
// @ts-ignore: decorator
@external("env", "multiplyBytes")
declare function multiplyBytes(
  a: usize,
  strideA: i32,
  b: usize,
  c: usize,
  strideC: i32,
  offset: usize,
  m: i32,
  n: i32,
  k: i32,
): void;

/**
 * What is worked on at once: rows and columns of the output, and blocks of columns of the weight. The
 * second-level cache holds their sums, 816 KiB.
 */
const ROWS: i32 = 128;
const COLUMNS: i32 = 256;
const BLOCKS: i32 = 6;

/** From one row of sums to the next: more than COLUMNS, lest rows fall upon the same lines of a cache. */
const STRIDE: i32 = 272;
const ROW_BYTES: usize = <usize> STRIDE << 2;
const BLOCK_BYTES: usize = <usize> ROWS * ROW_BYTES;

/**
 * Some panels of a weight as signed bytes, block by block [padded rows, depth of the block].
 *
 * 4-bit codes come less their zero points and times the powers of two of their columns, 8-bit codes
 * less 128.
 *
 * @param offsets What the zero point of the activations adds to the sums of products: 32-bit integers
 * [blocks, padded rows].
 * @param zeroPoint The code of zero of the activations.
 */
export function unpackWeight(
  bytes: usize,
  offsets: usize,
  head: usize,
  zeroPoint: i32,
  firstPanel: i32,
  lastPanel: i32,
): void {
  const weight = changetype<IntegerWeight>(head);
  for (let p = firstPanel; p < lastPanel; p++) {
    const first = p * PANEL;
    const packed = weight.codes() + <usize> p * weight.panelBytes;
    unpackPanel(workspace, packed, weight.panelBytes);
    const stride = <usize> weight.paddedRows << 2;
    corrections(offsets + (<usize> first << 2), stride, workspace, first, weight, zeroPoint);
    spreadPanel(bytes, weight.bits == 4 ? workspace : packed, first, weight);
  }
}

/** Brings a panel of bytes into rows. */
function spreadPanel(bytes: usize, panel: usize, first: i32, weight: IntegerWeight): void {
  const narrow = weight.bits == 4;
  let block = weight.block(), chain = weight.chain(), zero = weight.zero() + first;
  for (let b = weight.blocks; b > 0; b--, block += 16, zero += weight.paddedRows) {
    const depth = <usize> changetype<Block>(block).depth;
    let to = bytes + <usize> changetype<Block>(block).place * weight.paddedRows + <usize> first * depth;
    const left = narrow ? fourTimes(v128.load32_zero(zero)) : i8x16.splat(-128);
    const right = narrow ? fourTimes(v128.load32_zero(zero + 4)) : i8x16.splat(-128);
    for (let c = changetype<Block>(block).chains; c > 0; c--, chain += 16) {
      const part = changetype<Chain>(chain);
      const shift = ctz(part.factor);
      let from = panel + part.weight;
      for (let step = part.steps; step > 0; step--, from += STEP_BYTES, to += 4) {
        storeLanes(to, depth, i8x16.shl(i8x16.sub(v128.load(from), left), shift));
        storeLanes(to + 4 * depth, depth, i8x16.shl(i8x16.sub(v128.load(from, 16), right), shift));
      }
    }
  }
}

/** Each of the first four bytes four times. */
// @ts-ignore: decorator
@inline
function fourTimes(x: v128): v128 {
  return i8x16.shuffle(x, x, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
}

/** Stores 32-bit lanes `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function storeLanes(target: usize, stride: usize, x: v128): void {
  v128.store32_lane(target, x, 0);
  v128.store32_lane(target + stride, x, 1);
  v128.store32_lane(target + 2 * stride, x, 2);
  v128.store32_lane(target + 3 * stride, x, 3);
}

/**
 * y = bias + a W^T for some rows, as `integerLinear` computes it, the products by the native library.
 *
 * @param y Floats [rows, rows of the weight].
 * @param a As unsigned `quantizeCodes` gives them: bytes [rows, places].
 * @param rowSums 32-bit integers [rows / 4, blocks, 4].
 * @param bytes As `offsets`: what {@link unpackWeight} wrote.
 * @param bias Floats [padded rows].
 */
export function nativeIntegerLinear(
  y: usize,
  a: usize,
  rowSums: usize,
  rows: i32,
  head: usize,
  bytes: usize,
  offsets: usize,
  bias: usize,
): void {
  const weight = changetype<IntegerWeight>(head);
  for (let row = 0; row < rows; row += ROWS) {
    const m = min(ROWS, rows - row);
    for (let column = 0; column < weight.rows; column += COLUMNS) {
      const n = min(COLUMNS, weight.paddedRows - column);
      for (let first = 0; first < weight.blocks; first += BLOCKS) {
        const count = min(BLOCKS, weight.blocks - first);
        let block = weight.block() + (<usize> first << 4);
        let sums = workspace, offset = offsets + (<usize> (first * weight.paddedRows + column) << 2);
        for (let b = 0; b < count; b++, block += 16, sums += BLOCK_BYTES) {
          const place = <usize> changetype<Block>(block).place, depth = changetype<Block>(block).depth;
          const left = a + <usize> row * weight.places + place;
          const right = bytes + place * weight.paddedRows + <usize> column * depth;
          multiplyBytes(left, weight.places, right, sums, STRIDE, offset, m, n, depth);
          offset += <usize> weight.paddedRows << 2;
        }
        if (weight.bits == 4) addBlocks(false, y, bias, rowSums, row, m, column, first, count, weight);
        else addBlocks(true, y, bias, rowSums, row, m, column, first, count, weight);
      }
    }
  }
}

/**
 * Adds the scaled sums of `count` blocks, the first one `first`, to m rows of the output; with the
 * first block of all, to the bias.
 *
 * @param wide Whether weights have 8 bits: the products lack their zero points then.
 */
// @ts-ignore: decorator
@inline
function addBlocks(
  wide: bool,
  y: usize,
  bias: usize,
  rowSums: usize,
  row: i32,
  m: i32,
  column: i32,
  first: i32,
  count: i32,
  weight: IntegerWeight,
): void {
  const columns = min(COLUMNS, weight.rows - column);
  const stride = <usize> weight.rows << 2, gridStride = <usize> weight.paddedRows;
  const grid = <usize> first * gridStride + column;
  for (let r = 0; r < m; r += 4) {
    const last = min(3, m - r - 1);
    let y0 = y + <usize> (row + r) * stride + (<usize> column << 2);
    let y1 = y0 + min(1, last) * stride, y2 = y0 + min(2, last) * stride, y3 = y0 + last * stride;
    const sums = workspace + <usize> r * ROW_BYTES;
    const codeSums = rowSums + (<usize> ((row + r) * weight.blocks + 4 * first) << 2);
    for (let j = 0; j < columns; j += 4, y0 += 16, y1 += 16, y2 += 16, y3 += 16) {
      let a = v128.load(bias + (<usize> (column + j) << 2)), b = a, c = a, d = a;
      if (first > 0) {
        a = v128.load(y0);
        b = v128.load(y1);
        c = v128.load(y2);
        d = v128.load(y3);
      }
      let from = sums + (<usize> j << 2), scale = weight.scale() + (grid + j << 2);
      let zero = weight.zero() + grid + j, codes = codeSums;
      for (let block = 0; block < count; block++, from += BLOCK_BYTES, scale += gridStride << 2) {
        const step = v128.load(scale);
        let s0 = v128.load(from), s1 = v128.load(from, ROW_BYTES);
        let s2 = v128.load(from, 2 * ROW_BYTES), s3 = v128.load(from, 3 * ROW_BYTES);
        if (wide) {
          const code = i32x4.sub(loadBytes(zero), i32x4.splat(128));
          const four = v128.load(codes);
          s0 = i32x4.sub(s0, i32x4.mul(code, v128.shuffle<i32>(four, four, 0, 0, 0, 0)));
          s1 = i32x4.sub(s1, i32x4.mul(code, v128.shuffle<i32>(four, four, 1, 1, 1, 1)));
          s2 = i32x4.sub(s2, i32x4.mul(code, v128.shuffle<i32>(four, four, 2, 2, 2, 2)));
          s3 = i32x4.sub(s3, i32x4.mul(code, v128.shuffle<i32>(four, four, 3, 3, 3, 3)));
          zero += gridStride;
          codes += 16;
        }
        a = f32x4.add(a, f32x4.mul(step, f32x4.convert_i32x4_s(s0)));
        b = f32x4.add(b, f32x4.mul(step, f32x4.convert_i32x4_s(s1)));
        c = f32x4.add(c, f32x4.mul(step, f32x4.convert_i32x4_s(s2)));
        d = f32x4.add(d, f32x4.mul(step, f32x4.convert_i32x4_s(s3)));
      }
      storeFirst(y0, a, columns - j);
      if (last > 0) storeFirst(y1, b, columns - j);
      if (last > 1) storeFirst(y2, c, columns - j);
      if (last > 2) storeFirst(y3, d, columns - j);
    }
  }
}
