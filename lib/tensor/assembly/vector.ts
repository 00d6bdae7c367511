// Vector arithmetic shared by the kernels.

/** a * b + sum, with one rounding where relaxed SIMD is compiled in. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD
    ? f32x4.relaxed_madd(a, b, sum)
    : f32x4.add(sum, f32x4.mul(a, b));
}

/** 1.5 2^23: adding it rounds |x| < 2^22 to an integer, which the low bits of the sum hold. */
const ROUNDER: f32 = 12582912;

/** 2^n for the four integers n in -126..127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/**
 * e^x with the limits of `Math.exp`: 0 below -104, infinite above 89, NaN for NaN.
 *
 * x = n ln 2 + r with |r| <= ln 2 / 2; e^r is its Taylor series up to r^7 / 7!, whose remainder is
 * below a tenth of a unit in the last place. 2^n is applied in two halves, so that results shade off
 * into the denormal numbers.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(90)), f32x4.splat(-105));
  const rounded = multiplyAdd(x, f32x4.splat(1.4426950408889634), f32x4.splat(ROUNDER));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  // ln 2 in two parts: the first has 9 significant bits, so its product with n is exact.
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), x);
  r = multiplyAdd(n, f32x4.splat(2.1219444005469058e-4), r);
  let sum = multiplyAdd(r, f32x4.splat(1.0 / 5040), f32x4.splat(1.0 / 720));
  sum = multiplyAdd(r, sum, f32x4.splat(1.0 / 120));
  sum = multiplyAdd(r, sum, f32x4.splat(1.0 / 24));
  sum = multiplyAdd(r, sum, f32x4.splat(1.0 / 6));
  sum = multiplyAdd(r, sum, f32x4.splat(0.5));
  sum = multiplyAdd(r, sum, f32x4.splat(1));
  sum = multiplyAdd(r, sum, f32x4.splat(1));
  const power = i32x4.sub(rounded, f32x4.splat(ROUNDER));
  const half = i32x4.shr_s(power, 1);
  return f32x4.mul(f32x4.mul(sum, powerOfTwo(half)), powerOfTwo(i32x4.sub(power, half)));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** All bits set in the first `count` lanes; in every lane for `count` >= 4. */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

// @ts-ignore: decorator
@inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
