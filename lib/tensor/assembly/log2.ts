// Rounding to powers of two (eq. 3), as fakeQuantizeLog2 of lib/quant does it.

import { powerOfTwo } from "./vector";

/**
 * Added to the bits of a positive float32, carries into its exponent exactly if its mantissa is above
 * sqrt(2): the exponent is then that of log2, rounded.
 */
const ROUND_EXPONENT: i32 = 0x800000 - 0x3504f4;

/** Below this, numbers are scaled up by SCALE first, so that subnormal ones have an exponent too. */
const SMALL: f32 = 5.421010862427522e-20; // 2^-64
const SCALE: f32 = 1.8446744073709552e19; // 2^64
const SCALE_EXPONENT: i32 = 64;

/**
 * sign(x) maximum 2^-n with n = round(-log2(|x| / maximum)), or the nearest n in 0..last; exactly 0
 * where |x| / maximum is 0 or n >= zeroFrom. For finite x.
 *
 * @param last Profile `paper`: 2^(bits - 1) - 1; `released`: 2^bits - 1. Integers.
 * @param zeroFrom `paper`: 256, which no float32 reaches; `released`: 2^bits. Integers.
 */
// @ts-ignore: decorator
@inline
export function log2Level(x: v128, maximum: v128, last: v128, zeroFrom: v128): v128 {
  const magnitude = f32x4.div(f32x4.abs(x), maximum);
  const small = f32x4.lt(magnitude, f32x4.splat(SMALL));
  const scaled = v128.bitselect(f32x4.mul(magnitude, f32x4.splat(SCALE)), magnitude, small);
  const exponent = i32x4.shr_u(i32x4.add(scaled, i32x4.splat(ROUND_EXPONENT)), 23);
  const bias = v128.bitselect(i32x4.splat(127 + SCALE_EXPONENT), i32x4.splat(127), small);
  const n = i32x4.max_s(i32x4.sub(bias, exponent), i32x4.splat(0));
  // In two halves: 2^-n may be subnormal.
  const kept = i32x4.min_s(n, last);
  const half = i32x4.shr_s(kept, 1);
  const power = f32x4.mul(powerOfTwo(i32x4.neg(half)), powerOfTwo(i32x4.sub(half, kept)));
  const level = v128.bitselect(x, f32x4.mul(maximum, power), i32x4.splat(0x80000000));
  return v128.and(level, v128.and(i32x4.lt_s(n, zeroFrom), f32x4.ne(magnitude, f32x4.splat(0))));
}

/** target[i] = {@link log2Level} of x[i] for i < count; writes up to three elements past the end. */
export function log2Levels(
  count: i32,
  target: usize,
  x: usize,
  maximum: f32,
  last: i32,
  zeroFrom: i32,
): void {
  const largest = f32x4.splat(maximum);
  const lastCode = i32x4.splat(last);
  const firstZero = i32x4.splat(zeroFrom);
  for (const end = target + (<usize> count << 2); target < end; target += 16, x += 16) {
    v128.store(target, log2Level(v128.load(x), largest, lastCode, firstZero));
  }
}
