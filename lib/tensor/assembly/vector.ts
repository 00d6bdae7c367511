// Vector arithmetic shared by the kernels.
//
// Constants are read from memory: an engine loads a vector constant from there in one instruction,
// and builds one given in code in several, each time it is used.

/** 1.5 2^23: adding it rounds |x| < 2^22 to an integer, which the low bits of the sum hold. */
const ROUNDER: f32 = 12582912;

/** ROUNDER with the bias of exponents, and 64 more, in its low bits. */
const POWER_ROUNDER: f32 = ROUNDER + 191;

/** Indices into {@link constants}. */
const enum Constant {
  Lowest,
  One,
  ExpHighest,
  ExpLowest,
  InverseLn2,
  Rounder,
  MinusLn2High,
  MinusLn2Low,
  Sixth,
  Fifth,
  Fourth,
  Third,
  Half,
  PowerLowest,
  Lowering,
  PowerRounder,
  Power6,
  Power5,
  Power4,
  Power3,
  Power2,
  Power1,
}

// deno-fmt-ignore
const constants = memory.data<f32>([
  -Infinity, 1,
  90, -105, 1.4426950408889634, ROUNDER,
  // ln 2 in two parts: the first has 9 significant bits, so its product with an exponent is exact.
  -0.693359375, 2.1219444005469058e-4,
  // The least relative error over |r| <= ln 2 / 2: 3e-9.
  0.0013814540026360121, 0.008368745112588206, 0.04166839078657336, 0.16666520399002932,
  0.4999999343211465,
  -151, 5.421010862427522e-20, POWER_ROUNDER,
  // (2^r - 1) / r for |r| <= 1/2, such that the relative error of 2^r is least: 2e-9.
  0.0001535336190744023, 0.0013398874414121593, 0.009618437357679343, 0.05550332471125758,
  0.24022647913628686, 0.693147202855067,
]);

const exponentBias = memory.data<i32>([127]);
const laneNumbers = memory.data<i32>([0, 1, 2, 3]);

// @ts-ignore: decorator
@inline
function constant(which: Constant): v128 {
  return v128.load32_splat(constants + (<usize> which << 2));
}

/** Negative infinity, below every logit. */
// @ts-ignore: decorator
@inline
export function lowest(): v128 {
  return constant(Constant.Lowest);
}

/** 1 / ln 2. */
export const INVERSE_LN_2: f32 = 1.4426950408889634;

// @ts-ignore: decorator
@inline
export function one(): v128 {
  return constant(Constant.One);
}

/** a * b + sum, with one rounding where relaxed SIMD is compiled in. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD
    ? f32x4.relaxed_madd(a, b, sum)
    : f32x4.add(sum, f32x4.mul(a, b));
}

/** 2^n for the four integers n in -126..127. */
// @ts-ignore: decorator
@inline
export function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, v128.load32_splat(exponentBias)), 23);
}

/** n + ROUNDER for the integer n next to x / ln 2. */
// @ts-ignore: decorator
@inline
function roundedExponent(x: v128): v128 {
  return multiplyAdd(x, constant(Constant.InverseLn2), constant(Constant.Rounder));
}

/** e^r for r = x - n ln 2, |r| <= ln 2 / 2: 1 + r + r^2 times a polynomial. */
// @ts-ignore: decorator
@inline
function expOfRest(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, constant(Constant.Rounder));
  let r = multiplyAdd(n, constant(Constant.MinusLn2High), x);
  r = multiplyAdd(n, constant(Constant.MinusLn2Low), r);
  let sum = multiplyAdd(r, constant(Constant.Sixth), constant(Constant.Fifth));
  sum = multiplyAdd(r, sum, constant(Constant.Fourth));
  sum = multiplyAdd(r, sum, constant(Constant.Third));
  sum = multiplyAdd(r, sum, constant(Constant.Half));
  sum = multiplyAdd(r, sum, one());
  return multiplyAdd(r, sum, one());
}

/**
 * e^x with the limits of `Math.exp`: 0 below -104, infinite above 89, NaN for NaN. 2^n is applied in
 * two halves, so that results shade off into the denormal numbers.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, constant(Constant.ExpHighest)), constant(Constant.ExpLowest));
  const rounded = roundedExponent(x);
  const exponent = i32x4.sub(rounded, constant(Constant.Rounder));
  const half = i32x4.shr_s(exponent, 1);
  const scaled = f32x4.mul(expOfRest(x, rounded), powerOfTwo(half));
  return f32x4.mul(scaled, powerOfTwo(i32x4.sub(exponent, half)));
}

/** {@link exp}, in fewer steps, for x < 40: 2^t for t = x / ln 2, 0 for t below -150. */
// @ts-ignore: decorator
@inline
export function expOfNegative(x: v128): v128 {
  return powerOfNegative(f32x4.mul(x, constant(Constant.InverseLn2)));
}

/** 2^t for t < 60, 0 for t below -150. */
// @ts-ignore: decorator
@inline
export function powerOfNegative(t: v128): v128 {
  t = f32x4.pmax(t, constant(Constant.PowerLowest));
  const rounder = constant(Constant.PowerRounder);
  const rounded = f32x4.add(t, rounder);
  const r = f32x4.sub(t, f32x4.sub(rounded, rounder));
  let sum = multiplyAdd(r, constant(Constant.Power6), constant(Constant.Power5));
  sum = multiplyAdd(r, sum, constant(Constant.Power4));
  sum = multiplyAdd(r, sum, constant(Constant.Power3));
  sum = multiplyAdd(r, sum, constant(Constant.Power2));
  sum = multiplyAdd(r, sum, constant(Constant.Power1));
  sum = multiplyAdd(r, sum, one());
  // The low bits of `rounded` are the exponent field of 2^(n + 64); the others leave on the left.
  return f32x4.mul(f32x4.mul(sum, i32x4.shl(rounded, 23)), constant(Constant.Lowering));
}

/**
 * `total` and four vectors' {@link powerOfNegative}: together they load each constant once, and none waits
 * for its own steps.
 *
 * @param target Where the powers go, [16].
 * @param stored Whether they do; a constant at each call.
 */
// @ts-ignore: decorator
@inline
export function addPowers(
  total: v128,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  target: usize,
  stored: bool,
): v128 {
  const bound = constant(Constant.PowerLowest), rounder = constant(Constant.PowerRounder);
  a = f32x4.pmax(a, bound);
  b = f32x4.pmax(b, bound);
  c = f32x4.pmax(c, bound);
  d = f32x4.pmax(d, bound);
  const roundedA = f32x4.add(a, rounder), roundedB = f32x4.add(b, rounder);
  const roundedC = f32x4.add(c, rounder), roundedD = f32x4.add(d, rounder);
  a = f32x4.sub(a, f32x4.sub(roundedA, rounder));
  b = f32x4.sub(b, f32x4.sub(roundedB, rounder));
  c = f32x4.sub(c, f32x4.sub(roundedC, rounder));
  d = f32x4.sub(d, f32x4.sub(roundedD, rounder));
  let factor = constant(Constant.Power6), addend = constant(Constant.Power5);
  let powerA = multiplyAdd(a, factor, addend), powerB = multiplyAdd(b, factor, addend);
  let powerC = multiplyAdd(c, factor, addend), powerD = multiplyAdd(d, factor, addend);
  addend = constant(Constant.Power4);
  powerA = multiplyAdd(a, powerA, addend);
  powerB = multiplyAdd(b, powerB, addend);
  powerC = multiplyAdd(c, powerC, addend);
  powerD = multiplyAdd(d, powerD, addend);
  addend = constant(Constant.Power3);
  powerA = multiplyAdd(a, powerA, addend);
  powerB = multiplyAdd(b, powerB, addend);
  powerC = multiplyAdd(c, powerC, addend);
  powerD = multiplyAdd(d, powerD, addend);
  addend = constant(Constant.Power2);
  powerA = multiplyAdd(a, powerA, addend);
  powerB = multiplyAdd(b, powerB, addend);
  powerC = multiplyAdd(c, powerC, addend);
  powerD = multiplyAdd(d, powerD, addend);
  addend = constant(Constant.Power1);
  powerA = multiplyAdd(a, powerA, addend);
  powerB = multiplyAdd(b, powerB, addend);
  powerC = multiplyAdd(c, powerC, addend);
  powerD = multiplyAdd(d, powerD, addend);
  addend = one();
  const lowering = constant(Constant.Lowering);
  powerA = f32x4.mul(f32x4.mul(multiplyAdd(a, powerA, addend), i32x4.shl(roundedA, 23)), lowering);
  powerB = f32x4.mul(f32x4.mul(multiplyAdd(b, powerB, addend), i32x4.shl(roundedB, 23)), lowering);
  powerC = f32x4.mul(f32x4.mul(multiplyAdd(c, powerC, addend), i32x4.shl(roundedC, 23)), lowering);
  powerD = f32x4.mul(f32x4.mul(multiplyAdd(d, powerD, addend), i32x4.shl(roundedD, 23)), lowering);
  if (stored) {
    v128.store(target, powerA);
    v128.store(target, powerB, 16);
    v128.store(target, powerC, 32);
    v128.store(target, powerD, 48);
  }
  return f32x4.add(f32x4.add(total, f32x4.add(powerA, powerB)), f32x4.add(powerC, powerD));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(one(), f32x4.add(one(), exp(f32x4.neg(x))));
}

/** All bits set in the first `count` lanes; in every lane for `count` >= 4. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(v128.load(laneNumbers), i32x4.splat(count));
}

/** Stores the first `count` >= 1 lanes; all for `count` >= 4. */
// @ts-ignore: decorator
@inline
export function storeFirst(target: usize, x: v128, count: i32): void {
  if (count >= 4) {
    v128.store(target, x);
    return;
  }
  v128.store_lane<f32>(target, x, 0);
  if (count > 1) v128.store_lane<f32>(target, x, 1, 4);
  if (count > 2) v128.store_lane<f32>(target, x, 2, 8);
}

// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** Adds the lanes of a float32 vector to two float64 sums. */
// @ts-ignore: decorator
@inline
export function addWide(sums: v128, x: v128): v128 {
  const high = i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  return f64x2.add(sums, f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(high)));
}

/** What two float64 sums add up to. */
// @ts-ignore: decorator
@inline
export function sumWide(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

// @ts-ignore: decorator
@inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
