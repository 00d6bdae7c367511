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

import { Block, Chain, IntegerWeight, PANEL, STEP_BYTES } from "./integer_weight";
import { storeFirst } from "./vector";

/** Bytes of activations that stay in the second-level cache while all panels pass by. */
const BLOCK_BYTES: i32 = 196608;

/** Sums of adjacent pairs of products of signed by unsigned bytes, which fit 16 bits, plus `sum`. */
// @ts-ignore: decorator
@inline
function addPairs(sum: v128, x: v128, w: v128): v128 {
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

/** y += scale * (sums + correction - zero * rowSum), one vector. */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, sums: usize, scale: v128, correction: v128, zero: v128, rowSum: v128): void {
  const sum = i32x4.sub(i32x4.add(v128.load(sums), correction), i32x4.mul(zero, rowSum));
  v128.store(y, f32x4.add(v128.load(y), f32x4.mul(scale, f32x4.convert_i32x4_s(sum))));
}

/** Splits bytes into their low halves and, behind those, their high halves. */
function unpackPanel(target: usize, packed: usize, bytes: usize): void {
  const mask = i8x16.splat(15);
  for (const end = packed + bytes; packed < end; packed += 16, target += 16) {
    const pairs = v128.load(packed);
    v128.store(target, v128.and(pairs, mask));
    v128.store(target + bytes, v128.and(i16x8.shr_u(pairs, 4), mask));
  }
}

/** Four bytes as 32-bit integers. */
// @ts-ignore: decorator
@inline
function loadBytes(address: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(address)));
}

/** Sums of groups of four bytes, times a factor. */
// @ts-ignore: decorator
@inline
function fourfoldSums(bytes: v128, factor: v128): v128 {
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
  return i32x4.mul(sums, factor);
}

/**
 * For each block what the zero point of the activations takes from the sums of a panel:
 * -zeroPoint * sum of factor * (code - zero point of the weight); 32-bit integers [blocks, 8].
 */
function correct(target: usize, panel: usize, first: i32, weight: IntegerWeight, zeroPoint: i32): void {
  const minus = i32x4.splat(-zeroPoint);
  let block = weight.block(), chain = weight.chain(), zero = weight.zero() + first;
  for (let b = 0; b < weight.blocks; b++) {
    const factors = i32x4.splat(changetype<Block>(block).factors);
    let left = i32x4.mul(factors, i32x4.neg(loadBytes(zero)));
    let right = i32x4.mul(factors, i32x4.neg(loadBytes(zero + 4)));
    for (let c = changetype<Block>(block).chains; c > 0; c--, chain += 16) {
      const part = changetype<Chain>(chain);
      for (let bits = 0, plane = panel; bits < weight.bits; bits += 4, plane += weight.panelBytes) {
        const factor = i32x4.splat(part.factor << bits);
        let low = i8x16.splat(0), high = i8x16.splat(0);
        let codes = plane + part.weight;
        for (let step = part.steps; step > 0; step--, codes += STEP_BYTES) {
          low = i8x16.add(low, v128.load(codes));
          high = i8x16.add(high, v128.load(codes, 16));
        }
        left = i32x4.add(left, fourfoldSums(low, factor));
        right = i32x4.add(right, fourfoldSums(high, factor));
      }
    }
    v128.store(target, i32x4.mul(left, minus));
    v128.store(target, i32x4.mul(right, minus), 16);
    target += 32;
    zero += weight.paddedRows;
    block += 16;
  }
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
  corrections: usize,
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
    const correctionLeft = v128.load(corrections), correctionRight = v128.load(corrections, 16);
    for (let row: usize = 0; row < <usize> rows; row++) {
      const rowSum = v128.load32_splat(rowSums + (row << 2));
      const at = row << 5;
      addScaled(y + at, sums + at, scaleLeft, correctionLeft, zeroLeft, rowSum);
      addScaled(y + at + 16, sums + at + 16, scaleRight, correctionRight, zeroRight, rowSum);
    }
    block += 16;
    scale += <usize> weight.paddedRows << 2;
    zero += weight.paddedRows;
    corrections += 32;
    rowSums += 16;
  }
}

function tileOfOne(y: usize, sums: usize, a: usize, rowSums: usize, panel: usize, corrections: usize, first: i32, weight: IntegerWeight): void {
  tile(1, y, sums, a, rowSums, panel, corrections, first, weight);
}

function tileOfFour(y: usize, sums: usize, a: usize, rowSums: usize, panel: usize, corrections: usize, first: i32, weight: IntegerWeight): void {
  tile(4, y, sums, a, rowSums, panel, corrections, first, weight);
}

/**
 * y = bias + a W^T with the codes of {@link quantizeCodes} (signed) and of a weight, summed up in 32-bit
 * integers, each block's sums scaled, added in float32 in the order of the blocks.
 *
 * @param y Floats [rows, rows of the weight].
 * @param a Signed bytes [rows / 4, places / 4, 4, 4].
 * @param rowSums 32-bit integers [rows / 4, blocks, 4].
 * @param bias Floats [padded rows of the weight].
 * @param zeroPoint The code of zero of the activations less 128.
 * @param firstPanel As `lastPanel`: the panels to compute, the last one exclusive.
 * @param scratch 256 + 2 panelBytes + 32 blocks bytes.
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
  scratch: usize,
): void {
  const weight = changetype<IntegerWeight>(head);
  const places = weight.places, blocks = weight.blocks, panelBytes = weight.panelBytes;
  const outputs = scratch, sums = scratch + 128, panel = scratch + 256;
  const corrections = panel + 2 * panelBytes;
  const rowBytes = <usize> weight.rows << 2;
  const blockRows = max(BLOCK_BYTES / places & -4, 4);
  for (let start = 0; start < rows; start += blockRows) {
    const end = min(start + blockRows, rows);
    for (let p = firstPanel; p < lastPanel; p++) {
      const first = p * PANEL, columns = weight.rows - first;
      unpackPanel(panel, weight.codes() + <usize> p * panelBytes, panelBytes);
      correct(corrections, panel, first, weight, zeroPoint);
      const biasLeft = v128.load(bias + (<usize> first << 2));
      const biasRight = v128.load(bias + (<usize> first << 2), 16);
      for (let row = start; row < end; row += 4) {
        const count = min(4, end - row);
        for (let r: usize = 0; r < 128; r += 32) {
          v128.store(outputs + r, biasLeft);
          v128.store(outputs + r, biasRight, 16);
        }
        const codes = a + <usize> row * places, codeSums = rowSums + (<usize> row * blocks << 2);
        if (count == 1) tileOfOne(outputs, sums, codes, codeSums, panel, corrections, first, weight);
        else tileOfFour(outputs, sums, codes, codeSums, panel, corrections, first, weight);
        let to = y + <usize> row * rowBytes + (<usize> first << 2);
        for (let r = 0; r < count; r++, to += rowBytes) {
          storeFirst(to, v128.load(outputs + (<usize> r << 5)), columns);
          storeFirst(to + 16, v128.load(outputs + (<usize> r << 5), 16), columns - 4);
        }
      }
    }
  }
}
