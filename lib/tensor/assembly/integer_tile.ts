// Four rows of activations times a panel of eight rows of a weight: what `integer.ts` consists of.
//
// Codes of activations are signed bytes; codes of weights have four bits, and 8-bit weights are two panels
// in one: their low halves and their high halves. The sums of a block stay in registers. Two ways lead to
// the same sums:
//  - by chains: sums of pairs of products are added in 16 bits for up to eight steps, at most
//    8 * 2 * 128 * 15 = 30720; such a chain is multiplied by its power of two and added in 32 bits;
//  - by dots: sums of four products are added in 32 bits, which is one instruction where the processor has
//    it. The powers of two are in the codes of the weight, which stay below 128: there every engine's relaxed
//    dot product is the same.

import { Block, Chain, IntegerWeight, loadBytes, STEP_BYTES } from "./integer_weight";

/** Sums of adjacent pairs of products of signed by unsigned bytes, which fit 16 bits, plus `sum`. */
// @ts-ignore: decorator
@inline
export function addPairs(sum: v128, x: v128, w: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.add(sum, v128.relaxed_dot<i16>(x, w));
  const even = i16x8.mul(i16x8.shr_s(i16x8.shl(x, 8), 8), v128.and(w, i16x8.splat(255)));
  const odd = i16x8.mul(i16x8.shr_s(x, 8), i16x8.shr_u(w, 8));
  return i16x8.add(sum, i16x8.add(even, odd));
}

/** Sums of four adjacent products of signed bytes by bytes below 128, plus `sum`. */
// @ts-ignore: decorator
@inline
function addDots(sum: v128, x: v128, w: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, w, sum);
  return i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(addPairs(i16x8.splat(0), x, w)));
}

/** A chain's sums times its factor, plus sums of 32 bits. */
// @ts-ignore: decorator
@inline
function addChain(sum: v128, chain: v128, factor: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(chain, factor));
}

/** y += scale * (sum - zero * rowSum), one vector. */
// @ts-ignore: decorator
@inline
function addScaled(y: usize, sum: v128, scale: v128, zero: v128, rowSum: v128): void {
  const value = f32x4.convert_i32x4_s(i32x4.sub(sum, i32x4.mul(zero, rowSum)));
  v128.store(y, f32x4.add(v128.load(y), f32x4.mul(scale, value)));
}

/** The codes of one row for four places, four times. */
// @ts-ignore: decorator
@inline
function quad(row: i32, x: v128): v128 {
  if (row == 0) return v128.shuffle<i32>(x, x, 0, 0, 0, 0);
  if (row == 1) return v128.shuffle<i32>(x, x, 1, 1, 1, 1);
  if (row == 2) return v128.shuffle<i32>(x, x, 2, 2, 2, 2);
  return v128.shuffle<i32>(x, x, 3, 3, 3, 3);
}

/**
 * Adds the sums of a block to y, floats [4, 8]: corrected for both zero points and scaled.
 *
 * @param grid The first of the eight rows in the tables of the weight.
 * @param rowSums 32-bit integers [4].
 */
// @ts-ignore: decorator
@inline
function addBlock(
  y: usize,
  s00: v128,
  s01: v128,
  s10: v128,
  s11: v128,
  s20: v128,
  s21: v128,
  s30: v128,
  s31: v128,
  weight: IntegerWeight,
  grid: usize,
  rowSums: usize,
  zeroPoint: i32,
): void {
  const scale = weight.scale() + (grid << 2), zero = weight.zero() + grid;
  const scaleLeft = v128.load(scale), scaleRight = v128.load(scale, 16);
  const zeroLeft = loadBytes(zero), zeroRight = loadBytes(zero + 4);
  const minus = i32x4.splat(-zeroPoint), sums = v128.load(rowSums);
  const left = i32x4.mul(weight.sums(grid), minus), right = i32x4.mul(weight.sums(grid + 4), minus);
  addScaled(y, i32x4.add(s00, left), scaleLeft, zeroLeft, quad(0, sums));
  addScaled(y + 16, i32x4.add(s01, right), scaleRight, zeroRight, quad(0, sums));
  addScaled(y + 32, i32x4.add(s10, left), scaleLeft, zeroLeft, quad(1, sums));
  addScaled(y + 48, i32x4.add(s11, right), scaleRight, zeroRight, quad(1, sums));
  addScaled(y + 64, i32x4.add(s20, left), scaleLeft, zeroLeft, quad(2, sums));
  addScaled(y + 80, i32x4.add(s21, right), scaleRight, zeroRight, quad(2, sums));
  addScaled(y + 96, i32x4.add(s30, left), scaleLeft, zeroLeft, quad(3, sums));
  addScaled(y + 112, i32x4.add(s31, right), scaleRight, zeroRight, quad(3, sums));
}

/**
 * Four rows of activations times one panel, added to y: floats [4, 8].
 *
 * @param a Signed bytes [places / 4, 4, 4].
 * @param rowSums 32-bit integers [blocks, 4].
 * @param panel Unpacked.
 * @param zeroPoint The code of zero of the activations less 128.
 * @param first The first row of the weight in this panel.
 */
export function tileByChains(
  y: usize,
  a: usize,
  rowSums: usize,
  panel: usize,
  zeroPoint: i32,
  first: i32,
  weight: IntegerWeight,
): void {
  const nothing = i32x4.splat(0);
  const planes = weight.bits >> 2, planeBytes = weight.panelBytes;
  let block = weight.block(), chain = weight.chain(), grid = <usize> first;
  for (let b = weight.blocks; b > 0; b--, block += 16) {
    let s00 = nothing, s01 = nothing, s10 = nothing, s11 = nothing;
    let s20 = nothing, s21 = nothing, s30 = nothing, s31 = nothing;
    // The planes of 8-bit weights take turns.
    let plane = 0;
    for (let runs = planes * changetype<Block>(block).chains; runs > 0; runs--) {
      const run = changetype<Chain>(chain);
      let x = a + (run.activation << 2), w = panel + plane * planeBytes + run.weight;
      let c00 = nothing, c01 = nothing, c10 = nothing, c11 = nothing;
      let c20 = nothing, c21 = nothing, c30 = nothing, c31 = nothing;
      for (const end = x + (run.steps << 4); x < end; x += 16, w += STEP_BYTES) {
        const four = v128.load(x);
        const left = v128.load(w), right = v128.load(w, 16);
        c00 = addPairs(c00, quad(0, four), left);
        c01 = addPairs(c01, quad(0, four), right);
        c10 = addPairs(c10, quad(1, four), left);
        c11 = addPairs(c11, quad(1, four), right);
        c20 = addPairs(c20, quad(2, four), left);
        c21 = addPairs(c21, quad(2, four), right);
        c30 = addPairs(c30, quad(3, four), left);
        c31 = addPairs(c31, quad(3, four), right);
      }
      const factor = i16x8.splat(<i16> (run.factor << (plane << 2)));
      plane = plane + 1 & planes - 1;
      if (plane == 0) chain += 16;
      s00 = addChain(s00, c00, factor);
      s01 = addChain(s01, c01, factor);
      s10 = addChain(s10, c10, factor);
      s11 = addChain(s11, c11, factor);
      s20 = addChain(s20, c20, factor);
      s21 = addChain(s21, c21, factor);
      s30 = addChain(s30, c30, factor);
      s31 = addChain(s31, c31, factor);
    }
    addBlock(y, s00, s01, s10, s11, s20, s21, s30, s31, weight, grid, rowSums, zeroPoint);
    grid += weight.paddedRows;
    rowSums += 16;
  }
}

/** {@link tileByChains} by dots: the panel is unpacked with {@link foldFactors}. */
export function tileByDots(
  y: usize,
  a: usize,
  rowSums: usize,
  panel: usize,
  zeroPoint: i32,
  first: i32,
  weight: IntegerWeight,
): void {
  const nothing = i32x4.splat(0);
  const planeBytes = weight.panelBytes, wide = weight.bits == 8;
  let block = weight.block(), grid = <usize> first, x = a, codes = panel;
  for (let b = weight.blocks; b > 0; b--, block += 16) {
    let c00 = nothing, c01 = nothing, c10 = nothing, c11 = nothing;
    let c20 = nothing, c21 = nothing, c30 = nothing, c31 = nothing;
    const depth = <usize> changetype<Block>(block).depth, end = x + (depth << 2);
    // Of 8-bit weights the high halves come first, and their sums count 16 times.
    for (let plane = wide ? planeBytes : 0;; plane = 0) {
      x = end - (depth << 2);
      for (let w = codes + plane; x < end; x += 16, w += STEP_BYTES) {
        const four = v128.load(x);
        const left = v128.load(w), right = v128.load(w, 16);
        c00 = addDots(c00, quad(0, four), left);
        c01 = addDots(c01, quad(0, four), right);
        c10 = addDots(c10, quad(1, four), left);
        c11 = addDots(c11, quad(1, four), right);
        c20 = addDots(c20, quad(2, four), left);
        c21 = addDots(c21, quad(2, four), right);
        c30 = addDots(c30, quad(3, four), left);
        c31 = addDots(c31, quad(3, four), right);
      }
      if (plane == 0) break;
      c00 = i32x4.shl(c00, 4);
      c01 = i32x4.shl(c01, 4);
      c10 = i32x4.shl(c10, 4);
      c11 = i32x4.shl(c11, 4);
      c20 = i32x4.shl(c20, 4);
      c21 = i32x4.shl(c21, 4);
      c30 = i32x4.shl(c30, 4);
      c31 = i32x4.shl(c31, 4);
    }
    addBlock(y, c00, c01, c10, c11, c20, c21, c30, c31, weight, grid, rowSums, zeroPoint);
    codes += depth << 3;
    grid += weight.paddedRows;
    rowSums += 16;
  }
}

/** Multiplies the codes of an unpacked 4-bit panel by the powers of two of their places: up to 15 * 2^3. */
export function foldFactors(panel: usize, weight: IntegerWeight): void {
  let chain = weight.chain();
  for (const end = weight.order(); chain < end; chain += 16) {
    const part = changetype<Chain>(chain);
    if (part.factor == 1) continue;
    const shift = ctz(part.factor);
    let codes = panel + part.weight;
    for (let step = part.steps; step > 0; step--, codes += STEP_BYTES) {
      v128.store(codes, i16x8.shl(v128.load(codes), shift));
      v128.store(codes, i16x8.shl(v128.load(codes, 16), shift), 16);
    }
  }
}

/** A signed byte, and one that is none below 128. */
const probe = memory.data<u8>([127, 255]);

/**
 * Whether sums of four products are one instruction here. Where they are not an engine sums up pairs in
 * 16 bits, which saturate at 2 * 127 * 255.
 *
 * @param flag Set to 1 or 0.
 */
export function hasDots(flag: usize): void {
  const sum = addDots(i32x4.splat(0), v128.load8_splat(probe), v128.load8_splat(probe + 1));
  const saturated = 2 * i16.MAX_VALUE;
  store<i32>(flag, ASC_FEATURE_RELAXED_SIMD && i32x4.extract_lane(sum, 0) != saturated);
}
