// Causal attention of one head whose operands are few enough bits for bfloat16: codes of a quantizer, and
// probabilities rounded to powers of two. Every product of two of them is exact in float32.

import { distance, originOf, shiftOf, sumOfPowers } from "./softmax";
import { firstLanes, INVERSE_LN_2, storeFirst } from "./vector";
import { workspace } from "./workspace";

/** `multiplyFloats` of matrices A and B in bfloat16; C is in float32, as are the sums. */
// @ts-ignore: decorator
@external("env", "multiplyBfloats")
declare function multiplyBfloats(
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  transposeB: bool,
  c: usize,
  strideC: i32,
  m: i32,
  n: i32,
  k: i32,
): void;

/** 1.5 2^23: adding it rounds |x| < 2^22 to an integer, which the low 16 bits of the sum hold. */
const ROUNDER: f32 = 12582912;

/** The high halves of eight numbers in float32, and their low halves. */
// @ts-ignore: decorator
@inline
function highHalves(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

// @ts-ignore: decorator
@inline
function lowHalves(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}

/** Not all zeros where x is not `whole * step` but for float32 rounding, or `whole` no bfloat16. */
// @ts-ignore: decorator
@inline
function mismatch(x: v128, whole: v128, step: v128): v128 {
  const error = f32x4.abs(f32x4.sub(x, f32x4.mul(whole, step)));
  const close = f32x4.le(error, f32x4.mul(f32x4.abs(x), f32x4.splat(4.76837158203125e-7))); // 2^-21
  return v128.or(v128.not(close), v128.and(whole, i32x4.splat(0xffff)));
}

/**
 * target = x / step in bfloat16, for x of whole multiples of `step`.
 *
 * @param target 16-bit numbers [count]; writes up to seven past the end.
 * @param flag Set to 1 if an x is no such multiple, or one that bfloat16 does not hold, else to 0.
 */
export function bfloatMultiples(count: i32, target: usize, x: usize, step: f32, flag: usize): void {
  const steps = f32x4.splat(step), inverse = f32x4.splat(1 / step);
  let strange = f32x4.splat(0);
  for (let rest = count; rest > 0; rest -= 8, x += 32, target += 16) {
    const a = v128.load(x), b = v128.load(x, 16);
    const left = f32x4.nearest(f32x4.mul(a, inverse)), right = f32x4.nearest(f32x4.mul(b, inverse));
    strange = v128.or(strange, v128.and(mismatch(a, left, steps), firstLanes(rest)));
    strange = v128.or(strange, v128.and(mismatch(b, right, steps), firstLanes(rest - 4)));
    v128.store(target, highHalves(left, right));
  }
  store<i32>(flag, v128.any_true(strange));
}

/** Scores that are rounded at a time, and what their numbers are. */
const ROUNDED: i32 = 8;
const laneNumbers = memory.data<i16>([0, 1, 2, 3, 4, 5, 6, 7]);

/** What is far below the exponents of probabilities, and {@link ROUNDER}. */
const constants = memory.data<f32>([-256, ROUNDER]);

/** The exponent of the power of two next to a probability, plus ROUNDER. */
// @ts-ignore: decorator
@inline
function roundedLog2(log2: v128): v128 {
  return f32x4.add(f32x4.pmax(log2, v128.load32_splat(constants)), v128.load32_splat(constants, 4));
}

/**
 * The softmax over the first `seen` scores, each probability as the power of two next to it on a logarithmic
 * scale, in bfloat16; 0 where that is below 2^lowestPower, and for the scores behind these, up to `width`.
 *
 * @param target 16-bit numbers [width]; may lie where the scores begin, or in front.
 * @param biased Whether there is a bias; a constant at each call.
 */
// @ts-ignore: decorator
@inline
function roundedRow(
  target: usize,
  row: usize,
  factor: f32,
  bias: usize,
  biased: bool,
  seen: i32,
  width: i32,
  lowestPower: i32,
): void {
  const scale = f32x4.splat(factor * INVERSE_LN_2);
  const origin = originOf(bias, biased, seen);
  let shift = shiftOf(row, scale, bias, biased, origin, seen);
  const total = sumOfPowers(0, false, row, scale, bias, biased, origin, shift, seen, width);
  shift = f32x4.sub(shift, f32x4.splat(<f32> Math.log2(<f64> total)));
  const bound = i16x8.splat(<i16> lowestPower), exponentBias = i16x8.splat(127);
  const end = target + (<usize> width << 1);
  for (let rest = seen; rest > 0; rest -= ROUNDED, row += 32, bias += 32, target += 16) {
    const left = roundedLog2(distance(row, scale, bias, biased, origin, shift));
    const right = roundedLog2(distance(row + 16, scale, bias + 16, biased, origin, shift));
    const power = lowHalves(left, right);
    let kept = i16x8.ge_s(power, bound);
    if (rest < ROUNDED) kept = v128.and(kept, i16x8.lt_s(v128.load(laneNumbers), i16x8.splat(<i16> rest)));
    v128.store(target, v128.and(i16x8.shl(i16x8.add(power, exponentBias), 7), kept));
  }
  if (target < end) memory.fill(target, 0, end - target);
}

/**
 * Attention of the queries that see the first `seen`, `seen + 1`, ... keys of one head, or only the last of
 * these, as `attend` computes it, its probabilities rounded to powers of two.
 *
 * @param q Queries [rows, headDim] in bfloat16, rows `strideQ` numbers apart, as those of the output are.
 * @param k Keys [keys, headDim] in bfloat16, rows `strideK` numbers apart; values likewise.
 * @param valueStep Factor of the output.
 * @param lowestPower Exponent of the smallest power of two; what is below becomes 0.
 */
export function attendBfloats(
  rows: i32,
  seen: i32,
  headDim: i32,
  q: usize,
  output: usize,
  strideQ: i32,
  k: usize,
  v: usize,
  strideK: i32,
  scale: f32,
  bias: usize,
  first: usize,
  firsts: usize,
  base: i32,
  valueStep: f32,
  lowestPower: i32,
): void {
  const width = seen + rows - 1;
  // Rows a power of two apart would fall into the same sets of the caches.
  const stride = (width + 31) & ~15 | 16;
  multiplyBfloats(q, strideQ, k, strideK, true, workspace, stride, rows, width, headDim);
  let row = workspace;
  for (let r = 0; r < rows; r++, row += <usize> stride << 2) {
    const skipped = firsts ? load<i32>(firsts + (<usize> r << 2)) - base : 0;
    const target = row + (<usize> skipped << 1), scores = row + (<usize> skipped << 2);
    const count = seen + r - skipped, rest = width - skipped;
    if (bias) {
      roundedRow(target, scores, scale, bias + (<usize> skipped << 2), true, count, rest, lowestPower);
    } else roundedRow(target, scores, scale, 0, false, count, rest, lowestPower);
    if (skipped > 0) memory.fill(row, 0, <usize> skipped << 1);
    store<u32>(first + (<usize> r << 2), base ? 0 : <u32> load<u16>(row) << 16);
  }
  multiplyBfloats(workspace, 2 * stride, v, strideK, false, output, strideQ, rows, headDim, width);
  const step = f32x4.splat(valueStep);
  for (let r = 0; r < rows; r++, output += <usize> strideQ << 2) {
    for (let j = 0; j < headDim; j += 4) {
      const at = output + (<usize> j << 2);
      storeFirst(at, f32x4.mul(v128.load(at), step), headDim - j);
    }
  }
}
