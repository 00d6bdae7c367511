// Rounding to powers of two (eq. 3), as fakeQuantizeLog2 of lib/quant does it.

import { firstLanes, one } from "./vector";

/**
 * Added to the bits of a positive float32, carries into its exponent exactly if its mantissa is above
 * sqrt(2): the exponent is then that of log2, rounded.
 */
const ROUND_EXPONENT: i32 = 0x800000 - 0x3504f4;
const EXPONENT: i32 = 0x7f800000;

/** Numbers below SMALL are rounded SCALE times as large: subnormal ones have no exponent. */
const SMALL: f32 = 5.421010862427522e-20; // 2^-64
const SCALE: f32 = 1.8446744073709552e19; // 2^64

/** Whether {@link roundToPower} has to tell numbers below SMALL maximum apart. */
// @ts-ignore: decorator
@inline
export function tellsSmall(lowest: f32, zeroBelow: f32): bool {
  return max(lowest, zeroBelow) <= SMALL;
}

/**
 * sign(x) maximum p, p being the power of two next to |x| / maximum on a logarithmic scale, clipped to
 * lowest..1; exactly 0 where p < zeroBelow or |x| / maximum is 0. For finite x.
 *
 * @param lowest Profile `paper`: 2^(1 - 2^(bits - 1)); `released`: 0.
 * @param zeroBelow `paper`: 0; `released`: 2^(1 - 2^bits).
 * @param small Whether {@link tellsSmall}; a constant at each call.
 */
// @ts-ignore: decorator
@inline
export function roundToPower(
  x: v128,
  maximum: v128,
  lowest: v128,
  zeroBelow: v128,
  small: bool,
): v128 {
  const ratio = f32x4.div(f32x4.abs(x), maximum);
  let power: v128;
  if (small) {
    const lanes = f32x4.lt(ratio, f32x4.splat(SMALL));
    const scaled = v128.bitselect(f32x4.mul(ratio, f32x4.splat(SCALE)), ratio, lanes);
    power = v128.and(i32x4.add(scaled, i32x4.splat(ROUND_EXPONENT)), i32x4.splat(EXPONENT));
    power = v128.bitselect(f32x4.mul(power, f32x4.splat(1 / SCALE)), power, lanes);
  } else {
    power = v128.and(i32x4.add(ratio, i32x4.splat(ROUND_EXPONENT)), i32x4.splat(EXPONENT));
  }
  const kept = v128.and(f32x4.ge(power, zeroBelow), f32x4.gt(ratio, f32x4.splat(0)));
  const level = f32x4.mul(maximum, f32x4.pmin(one(), f32x4.pmax(lowest, power)));
  return v128.and(v128.bitselect(x, level, i32x4.splat(0x80000000)), kept);
}

/**
 * target[i] = {@link roundToPower} of x[i] / divisor for i < count; writes up to three elements past the
 * end.
 *
 * @param target May be x.
 * @param small Whether {@link tellsSmall}; a constant at each call.
 */
// @ts-ignore: decorator
@inline
function roundRatios(
  count: i32,
  target: usize,
  x: usize,
  divisor: f32,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  small: bool,
): void {
  const top = f32x4.splat(maximum), bottom = f32x4.splat(lowest), zeros = f32x4.splat(zeroBelow);
  const by = f32x4.splat(divisor);
  for (const end = target + (<usize> count << 2); target < end; target += 16, x += 16) {
    const ratio = f32x4.div(v128.load(x), by);
    v128.store(target, roundToPower(ratio, top, bottom, zeros, small));
  }
}

/**
 * target[i] = {@link roundToPower} of x[i] for i < count; writes up to three elements past the end.
 *
 * @param target Not x.
 * @param least What no x may be below.
 * @param flag Set to 1 if an x is, or is NaN or infinite, else to 0.
 */
export function roundToPowers(
  count: i32,
  target: usize,
  x: usize,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  least: f32,
  flag: usize,
): void {
  if (tellsSmall(lowest, zeroBelow)) {
    roundRatios(count, target, x, 1, maximum, lowest, zeroBelow, true);
  } else roundRatios(count, target, x, 1, maximum, lowest, zeroBelow, false);
  const bound = f32x4.splat(least);
  let strange = f32x4.splat(0);
  for (let rest = count; rest > 0; rest -= 4, x += 16) {
    const value = v128.load(x);
    const refused = v128.or(f32x4.sub(value, value), f32x4.lt(value, bound));
    strange = v128.or(strange, v128.and(refused, firstLanes(rest)));
  }
  store<i32>(flag, v128.any_true(strange));
}

/**
 * Rounds the probabilities x[i] / sum of a row in place, as {@link roundToPowers} does: in fewer steps in
 * profile `released`. Writes up to three elements past the end.
 */
export function roundProbabilities(
  count: i32,
  x: usize,
  sum: f32,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
): void {
  const small = tellsSmall(lowest, zeroBelow);
  if (maximum != 1 || lowest != 0 || small) {
    if (small) roundRatios(count, x, x, sum, maximum, lowest, zeroBelow, true);
    else roundRatios(count, x, x, sum, maximum, lowest, zeroBelow, false);
    return;
  }
  const divisor = f32x4.splat(sum), zeros = f32x4.splat(zeroBelow);
  for (const end = x + (<usize> count << 2); x < end; x += 16) {
    const carried = i32x4.add(f32x4.div(v128.load(x), divisor), i32x4.splat(ROUND_EXPONENT));
    const power = v128.and(carried, i32x4.splat(EXPONENT));
    v128.store(x, v128.and(power, f32x4.ge(power, zeros)));
  }
}
