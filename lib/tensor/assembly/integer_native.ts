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

/** Rows and columns of what is worked on at once: 384 KiB of sums and as much of floats. */
const ROWS: i32 = 128;
const COLUMNS: i32 = 768;
const ROW_BYTES: usize = <usize> COLUMNS << 2;

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
  const outputs = workspace, sums = outputs + ROWS * ROW_BYTES;
  for (let row = 0; row < rows; row += ROWS) {
    const m = min(ROWS, rows - row);
    const codes = a + <usize> row * weight.places;
    const codeSums = rowSums + (<usize> row * weight.blocks << 2);
    for (let column = 0; column < weight.paddedRows; column += COLUMNS) {
      const n = min(COLUMNS, weight.paddedRows - column);
      const width = <usize> n << 2, at = <usize> column << 2;
      for (let r = 0; r < m; r++) memory.copy(outputs + <usize> r * ROW_BYTES, bias + at, width);
      let block = weight.block();
      for (let b = 0; b < weight.blocks; b++, block += 16) {
        const part = changetype<Block>(block);
        const grid = <usize> b * weight.paddedRows + column;
        const right = bytes + <usize> part.place * weight.paddedRows + <usize> column * part.depth;
        const offset = offsets + (grid << 2);
        multiplyBytes(codes + part.place, weight.places, right, sums, COLUMNS, offset, m, n, part.depth);
        const zero = weight.bits == 8 ? weight.zero() + grid : 0;
        addScaled(outputs, sums, m, n, weight.scale() + (grid << 2), zero, codeSums + (b << 4), weight.blocks);
      }
      const kept = min(width, (<usize> weight.rows << 2) - at);
      let to = y + (<usize> row * weight.rows << 2) + at;
      for (let r = 0; r < m; r++, to += <usize> weight.rows << 2) {
        memory.copy(to, outputs + <usize> r * ROW_BYTES, kept);
      }
    }
  }
}

/** scale * sums in floats. */
// @ts-ignore: decorator
@inline
function scaled(sums: v128, scale: v128): v128 {
  return f32x4.mul(scale, f32x4.convert_i32x4_s(sums));
}

/**
 * y += scale * (sums - zero * rowSums) for m rows of n columns, a multiple of 4; rows are ROW_BYTES
 * apart, and up to three rows more may be written.
 *
 * @param scale Floats [n].
 * @param zero The codes of zero, of which 128 is taken: bytes [n]; 0 if there is none.
 * @param rowSums 32-bit integers [rows / 4, blocks, 4].
 */
function addScaled(
  y: usize,
  sums: usize,
  m: i32,
  n: i32,
  scale: usize,
  zero: usize,
  rowSums: usize,
  blocks: i32,
): void {
  for (let row = 0; row < m; row += 4, rowSums += <usize> blocks << 4) {
    const rest = v128.load(rowSums);
    let to = y + <usize> row * ROW_BYTES;
    let from = sums + <usize> row * ROW_BYTES;
    for (let j: usize = 0; j < <usize> n; j += 4, to += 16, from += 16) {
      const step = v128.load(scale + (j << 2));
      let first = v128.load(from), second = v128.load(from, ROW_BYTES);
      let third = v128.load(from, 2 * ROW_BYTES), fourth = v128.load(from, 3 * ROW_BYTES);
      if (zero) {
        const code = i32x4.sub(loadBytes(zero + j), i32x4.splat(128));
        first = i32x4.sub(first, i32x4.mul(code, v128.shuffle<i32>(rest, rest, 0, 0, 0, 0)));
        second = i32x4.sub(second, i32x4.mul(code, v128.shuffle<i32>(rest, rest, 1, 1, 1, 1)));
        third = i32x4.sub(third, i32x4.mul(code, v128.shuffle<i32>(rest, rest, 2, 2, 2, 2)));
        fourth = i32x4.sub(fourth, i32x4.mul(code, v128.shuffle<i32>(rest, rest, 3, 3, 3, 3)));
      }
      first = f32x4.add(v128.load(to), scaled(first, step));
      second = f32x4.add(v128.load(to, ROW_BYTES), scaled(second, step));
      third = f32x4.add(v128.load(to, 2 * ROW_BYTES), scaled(third, step));
      fourth = f32x4.add(v128.load(to, 3 * ROW_BYTES), scaled(fourth, step));
      v128.store(to, first);
      v128.store(to, second, ROW_BYTES);
      v128.store(to, third, 2 * ROW_BYTES);
      v128.store(to, fourth, 3 * ROW_BYTES);
    }
  }
}
