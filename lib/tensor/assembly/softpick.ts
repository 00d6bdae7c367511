// Softpick over rows (Zuhri et al. 2025): relu(e^x - 1) / (sum of |e^x - 1| + epsilon).

import { distance, originOf, shiftOf } from "./softmax";
import { firstLanes, INVERSE_LN_2, powerOfNegative, storeFirst, sumLanes } from "./vector";

/** What keeps a row of nothing but zeros from 0 / 0, in the authors' code. */
const EPSILON: f32 = 1e-8;

/**
 * Minus the largest of 0 and the first `seen` logits, in binary logarithms: the 1 of e^x - 1 is what a key
 * of logit 0 would give.
 */
// @ts-ignore: decorator
@inline
function shiftBelowZero(
  scores: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  origin: v128,
  seen: i32,
): v128 {
  return f32x4.pmin(shiftOf(scores, scale, bias, biased, origin, seen), f32x4.splat(0));
}

/** `biased` is a constant at each call. */
// @ts-ignore: decorator
@inline
function picksOf(
  target: usize,
  scores: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  seen: i32,
  width: i32,
): f32 {
  const origin = originOf(bias, biased, seen);
  const shift = shiftBelowZero(scores, scale, bias, biased, origin, seen);
  const one = powerOfNegative(shift), zero = f32x4.splat(0);
  let total = zero;
  for (let j = 0; j < seen; j += 4) {
    const at = <usize> j << 2;
    const power = powerOfNegative(distance(scores + at, scale, bias + at, biased, origin, shift));
    const pick = v128.and(f32x4.sub(power, one), firstLanes(seen - j));
    total = f32x4.add(total, f32x4.abs(pick));
    storeFirst(target + at, f32x4.max(pick, zero), width - j);
  }
  const written = (seen + 3) & ~3;
  if (written < width) memory.fill(target + (<usize> written << 2), 0, <usize> (width - written) << 2);
  return sumLanes(total) + EPSILON;
}

/**
 * target[j] = relu(e^x[j] - 1) over a common factor for j < seen with x[j] = scale scores[j] + bias[j] -
 * bias[seen - 1], and 0 for seen <= j < width. Not what a bias adds to all keys but the difference to that
 * of the query's own matters here, which is the last one that is seen.
 *
 * @param target May be `scores`.
 * @param bias None for address 0.
 * @returns What to divide by: the sum of |e^x[j] - 1| over the same factor, and epsilon; NaN if a logit that
 * is seen is NaN or infinity.
 */
export function picksRow(
  target: usize,
  scores: usize,
  scale: f32,
  bias: usize,
  seen: i32,
  width: i32,
): f32 {
  const factor = f32x4.splat(scale * INVERSE_LN_2);
  return bias
    ? picksOf(target, scores, factor, bias, true, seen, width)
    : picksOf(target, scores, factor, bias, false, seen, width);
}

/** `biased` is a constant at each call. */
// @ts-ignore: decorator
@inline
function gradientOf(
  target: usize,
  scores: usize,
  gradient: usize,
  scale: f32,
  bias: usize,
  biased: bool,
  seen: i32,
  width: i32,
): void {
  const factor = f32x4.splat(scale * INVERSE_LN_2);
  const origin = originOf(bias, biased, seen);
  const shift = shiftBelowZero(scores, factor, bias, biased, origin, seen);
  const one = powerOfNegative(shift), zero = f32x4.splat(0);
  let total = zero, weighted = zero;
  for (let j = 0; j < seen; j += 4) {
    const at = <usize> j << 2;
    const lanes = firstLanes(seen - j);
    const power = powerOfNegative(distance(scores + at, factor, bias + at, biased, origin, shift));
    const pick = v128.and(f32x4.sub(power, one), lanes);
    const slope = v128.and(v128.load(gradient + at), lanes);
    total = f32x4.add(total, f32x4.abs(pick));
    weighted = f32x4.add(weighted, f32x4.mul(f32x4.max(pick, zero), slope));
  }
  const divisor = sumLanes(total) + EPSILON;
  const mean = f32x4.splat(sumLanes(weighted) / divisor);
  const share = f32x4.splat(scale / divisor);
  for (let j = 0; j < seen; j += 4) {
    const at = <usize> j << 2;
    const power = powerOfNegative(distance(scores + at, factor, bias + at, biased, origin, shift));
    const above = v128.and(f32x4.sub(v128.load(gradient + at), mean), f32x4.gt(power, one));
    const below = v128.and(mean, f32x4.lt(power, one));
    const slope = f32x4.mul(f32x4.mul(share, power), v128.or(above, below));
    storeFirst(target + at, v128.and(slope, firstLanes(seen - j)), width - j);
  }
  const written = (seen + 3) & ~3;
  if (written < width) memory.fill(target + (<usize> written << 2), 0, <usize> (width - written) << 2);
}

/**
 * The gradient of `causalSoftpick` for the scores, from these and the gradient for its output. With p the
 * output, S what it divides by and m the sum over the keys that are seen of p dp, it is
 * scale e^x / S times dp - m where x > 0, times m where x < 0, and 0 where x is 0 or its key not seen.
 */
export function causalSoftpickGradient(
  queries: i32,
  keys: i32,
  target: usize,
  scores: usize,
  gradient: usize,
  bias: usize,
  scale: f32,
  firsts: usize,
): void {
  const rowBytes = <usize> keys << 2;
  for (let q = 0; q < queries; q++) {
    const skipped = firsts ? load<i32>(firsts + (<usize> q << 2)) : 0;
    const at = <usize> skipped << 2;
    const seen = keys - queries + 1 + q - skipped, width = keys - skipped;
    memory.fill(target, 0, at);
    if (bias) gradientOf(target + at, scores + at, gradient + at, scale, bias + at, true, seen, width);
    else gradientOf(target + at, scores + at, gradient + at, scale, 0, false, seen, width);
    target += rowBytes;
    scores += rowBytes;
    gradient += rowBytes;
  }
}
