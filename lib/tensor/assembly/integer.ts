// Linear layers in integers: codes of activations times codes of weights, exact in 32 bits.
//
// A weight lies in panels of 8 columns of the product. A step of a panel is 32 bytes: four codes, for
// four places of the activation, of each of its columns. Codes have four bits, and sums of pairs of
// products are added in 16 bits for up to eight steps: at most 8 * 2 * 128 * 15 = 30720. Such a chain of
// steps is then multiplied by its power of two and added in 32 bits. 8-bit weights are two panels in
// one: their low halves and, with a factor 16 times as great, their high halves.
//
// With relaxed SIMD its 8-bit dot product multiplies: activations are signed bytes and codes stay below
// 128, where every engine's is the same.

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

/** Bytes of activations that stay in the second-level cache while all panels pass by. */
const BLOCK_BYTES: i32 = 196608;

/** Sums of adjacent pairs of products of signed by unsigned bytes, which fit 16 bits, plus `sum`. */
// @ts-ignore: decorator
@inline
export function addPairs(sum: v128, x: v128, w: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.add(sum, v128.relaxed_dot<i16>(x, w));
  const even = i16x8.mul(i16x8.shr_s(i16x8.shl(x, 8), 8), v128.and(w, i16x8.splat(255)));
  const odd = i16x8.mul(i16x8.shr_s(x, 8), i16x8.shr_u(w, 8));
  return i16x8.add(sum, i16x8.add(even, odd));
}

/** Adds a chain's sums times its factor to the 32-bit sums at an address. */
// @ts-ignore: decorator
@inline
function addChain(sums: usize, chain: v128, factor: v128): void {
  v128.store(sums, i32x4.add(v128.load(sums), i32x4.dot_i16x8_s(chain, factor)));
}

/** y += scale * (sums + offset - zero * rowSum), one vector. */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, sums: usize, scale: v128, offset: v128, zero: v128, rowSum: v128): void {
  const sum = i32x4.sub(i32x4.add(v128.load(sums), offset), i32x4.mul(zero, rowSum));
  v128.store(y, f32x4.add(v128.load(y), f32x4.mul(scale, f32x4.convert_i32x4_s(sum))));
}

/** The code of one row for four places, four times. */
// @ts-ignore: decorator
@inline
function quad(row: i32, x: v128): v128 {
  if (row == 0) return v128.shuffle<i32>(x, x, 0, 0, 0, 0);
  if (row == 1) return v128.shuffle<i32>(x, x, 1, 1, 1, 1);
  if (row == 2) return v128.shuffle<i32>(x, x, 2, 2, 2, 2);
  return v128.shuffle<i32>(x, x, 3, 3, 3, 3);
}

/**
 * The first `rows` (1 or 4) of four rows of activations times one panel, added to y: floats [4, 8].
 *
 * @param sums 32-bit integers [4, 8], for any use.
 * @param a Signed bytes [places / 4, 4, 4].
 * @param rowSums 32-bit integers [blocks, 4].
 * @param first The first row of the weight in this panel.
 */
// @ts-ignore: decorator
@inline
function tile(
  rows: i32,
  y: usize,
  sums: usize,
  a: usize,
  rowSums: usize,
  panel: usize,
  offsets: usize,
  first: i32,
  weight: IntegerWeight,
): void {
  const nothing = i32x4.splat(0);
  let block = weight.block(), chain = weight.chain();
  let zero = weight.zero() + first, scale = weight.scale() + (<usize> first << 2);
  for (let b = weight.blocks; b > 0; b--) {
    for (let at: usize = 0; at < <usize> rows << 5; at += 16) v128.store(sums + at, nothing);
    for (let c = changetype<Block>(block).chains; c > 0; c--, chain += 16) {
      const part = changetype<Chain>(chain);
      for (let bits = 0, plane = panel; bits < weight.bits; bits += 4, plane += weight.panelBytes) {
        let x = a + (part.activation << 2);
        let w = plane + part.weight;
        let c00 = nothing, c01 = nothing, c10 = nothing, c11 = nothing;
        let c20 = nothing, c21 = nothing, c30 = nothing, c31 = nothing;
        for (let step = part.steps; step > 0; step--, w += STEP_BYTES, x += 16) {
          const left = v128.load(w), right = v128.load(w, 16);
          const four = v128.load(x);
          c00 = addPairs(c00, quad(0, four), left);
          c01 = addPairs(c01, quad(0, four), right);
          if (rows == 1) continue;
          c10 = addPairs(c10, quad(1, four), left);
          c11 = addPairs(c11, quad(1, four), right);
          c20 = addPairs(c20, quad(2, four), left);
          c21 = addPairs(c21, quad(2, four), right);
          c30 = addPairs(c30, quad(3, four), left);
          c31 = addPairs(c31, quad(3, four), right);
        }
        const factor = i16x8.splat(<i16> (part.factor << bits));
        addChain(sums, c00, factor);
        addChain(sums + 16, c01, factor);
        if (rows == 1) continue;
        addChain(sums + 32, c10, factor);
        addChain(sums + 48, c11, factor);
        addChain(sums + 64, c20, factor);
        addChain(sums + 80, c21, factor);
        addChain(sums + 96, c30, factor);
        addChain(sums + 112, c31, factor);
      }
    }
    const scaleLeft = v128.load(scale), scaleRight = v128.load(scale, 16);
    const zeroLeft = loadBytes(zero), zeroRight = loadBytes(zero + 4);
    const offsetLeft = v128.load(offsets), offsetRight = v128.load(offsets, 16);
    for (let row: usize = 0; row < <usize> rows; row++) {
      const rowSum = v128.load32_splat(rowSums + (row << 2));
      const at = row << 5;
      addScaled(y + at, sums + at, scaleLeft, offsetLeft, zeroLeft, rowSum);
      addScaled(y + at + 16, sums + at + 16, scaleRight, offsetRight, zeroRight, rowSum);
    }
    block += 16;
    scale += <usize> weight.paddedRows << 2;
    zero += weight.paddedRows;
    offsets += 32;
    rowSums += 16;
  }
}

function tileOfOne(
  y: usize,
  sums: usize,
  a: usize,
  rowSums: usize,
  panel: usize,
  offsets: usize,
  first: i32,
  weight: IntegerWeight,
): void {
  tile(1, y, sums, a, rowSums, panel, offsets, first, weight);
}

function tileOfFour(
  y: usize,
  sums: usize,
  a: usize,
  rowSums: usize,
  panel: usize,
  offsets: usize,
  first: i32,
  weight: IntegerWeight,
): void {
  tile(4, y, sums, a, rowSums, panel, offsets, first, weight);
}

/**
 * y = bias + a W^T for some panels of a weight: codes of activations times codes of weights, summed up
 * in 32 bits; each block's sums are scaled and added in float32, block after block.
 *
 * @param y Floats [rows, rows of the weight].
 * @param a As signed {@link quantizeCodes} gives them: bytes [rows / 4, places / 4, 4, 4].
 * @param rowSums 32-bit integers [rows / 4, blocks, 4].
 * @param head The weight.
 * @param bias Floats [padded rows].
 * @param zeroPoint The code of zero of the activations less 128.
 * @param firstPanel As `lastPanel`: which panels, the last one exclusive.
 */
export function integerLinear(
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
  const places = weight.places, blocks = weight.blocks, panelBytes = weight.panelBytes;
  const outputs = workspace, sums = outputs + 128, panel = sums + 128;
  const offsets = panel + 2 * panelBytes;
  const rowBytes = <usize> weight.rows << 2;
  const blockRows = max(BLOCK_BYTES / places & -4, 4);
  for (let start = 0; start < rows; start += blockRows) {
    const end = min(start + blockRows, rows);
    for (let p = firstPanel; p < lastPanel; p++) {
      const first = p * PANEL, columns = weight.rows - first;
      const column = <usize> first << 2;
      unpackPanel(panel, weight.codes() + <usize> p * panelBytes, panelBytes);
      corrections(offsets, 32, panel, first, weight, zeroPoint);
      const biasLeft = v128.load(bias + column), biasRight = v128.load(bias + column, 16);
      for (let row = start; row < end; row += 4) {
        for (let r: usize = 0; r < 128; r += 32) {
          v128.store(outputs + r, biasLeft);
          v128.store(outputs + r, biasRight, 16);
        }
        const count = min(4, end - row);
        const codes = a + <usize> row * places, codeSums = rowSums + (<usize> row * blocks << 2);
        if (count == 1) tileOfOne(outputs, sums, codes, codeSums, panel, offsets, first, weight);
        else tileOfFour(outputs, sums, codes, codeSums, panel, offsets, first, weight);
        let to = y + <usize> row * rowBytes + column;
        for (let r = 0; r < count; r++, to += rowBytes) {
          const from = outputs + (<usize> r << 5);
          storeFirst(to, v128.load(from), columns);
          if (columns > 4) storeFirst(to + 16, v128.load(from, 16), columns - 4);
        }
      }
    }
  }
}
