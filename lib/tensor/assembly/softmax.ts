// Softmax over rows.

import { picksRow } from "./softpick";
import {
  addPowers,
  firstLanes,
  INVERSE_LN_2,
  lowest,
  maxLanes,
  multiplyAdd,
  powerOfNegative,
  storeFirst,
  sumLanes,
} from "./vector";

/**
 * The bias of the last of `seen` keys: biases count from it, as they grow with the positions and would cost
 * those near the largest logit their digits.
 */
// @ts-ignore: decorator
@inline
export function originOf(bias: usize, biased: bool, seen: i32): v128 {
  return biased ? v128.load32_splat(bias + (<usize> (seen - 1) << 2)) : f32x4.splat(0);
}

/**
 * How far logits are below the largest one, in binary logarithms:
 * score * scale + (bias - origin) / ln 2 + shift.
 *
 * @param biased Whether there is a bias; a constant at each call.
 */
// @ts-ignore: decorator
@inline
export function distance(
  score: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  origin: v128,
  shift: v128,
): v128 {
  const constant = biased
    ? multiplyAdd(f32x4.sub(v128.load(bias), origin), f32x4.splat(INVERSE_LN_2), shift)
    : shift;
  return multiplyAdd(v128.load(score), scale, constant);
}

// @ts-ignore: decorator
@inline
function logit(score: usize, scale: v128, bias: usize, biased: bool, origin: v128): v128 {
  const scaled = f32x4.mul(v128.load(score), scale);
  return biased
    ? multiplyAdd(f32x4.sub(v128.load(bias), origin), f32x4.splat(INVERSE_LN_2), scaled)
    : scaled;
}

/** Minus the largest of the first `seen` logits, which are in binary logarithms, in every lane. */
// @ts-ignore: decorator
@inline
export function shiftOf(
  scores: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  origin: v128,
  seen: i32,
): v128 {
  let most = lowest(), more = lowest();
  for (const end = scores + (<usize> (seen & ~7) << 2); scores < end; scores += 32, bias += 32) {
    most = f32x4.pmax(most, logit(scores, scale, bias, biased, origin));
    more = f32x4.pmax(more, logit(scores + 16, scale, bias + 16, biased, origin));
  }
  most = f32x4.pmax(most, more);
  if (seen & 4) {
    most = f32x4.pmax(most, logit(scores, scale, bias, biased, origin));
    scores += 16;
    bias += 16;
  }
  const rest = seen & 3;
  if (rest) {
    const last = logit(scores, scale, bias, biased, origin);
    most = f32x4.pmax(most, v128.bitselect(last, lowest(), firstLanes(rest)));
  }
  return f32x4.splat(-maxLanes(most));
}

/**
 * The sum over the first `seen` scores of 2^{@link distance}.
 *
 * @param target Where the powers go, and zeros behind them up to `width`; may be `scores`.
 * @param stored Whether they do; a constant at each call, as is `biased`.
 */
// @ts-ignore: decorator
@inline
export function sumOfPowers(
  target: usize,
  stored: bool,
  scores: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  origin: v128,
  shift: v128,
  seen: i32,
  width: i32,
): f32 {
  let total = f32x4.splat(0);
  const end = scores + (<usize> (seen & ~3) << 2);
  for (; scores + 64 <= end; scores += 64, bias += 64, target += 64) {
    const a = distance(scores, scale, bias, biased, origin, shift);
    const b = distance(scores + 16, scale, bias + 16, biased, origin, shift);
    const c = distance(scores + 32, scale, bias + 32, biased, origin, shift);
    const d = distance(scores + 48, scale, bias + 48, biased, origin, shift);
    total = addPowers(total, a, b, c, d, target, stored);
  }
  for (; scores < end; scores += 16, bias += 16, target += 16) {
    const power = powerOfNegative(distance(scores, scale, bias, biased, origin, shift));
    if (stored) v128.store(target, power);
    total = f32x4.add(total, power);
  }
  const rest = seen & 3;
  if (rest) {
    const last = v128.and(powerOfNegative(distance(scores, scale, bias, biased, origin, shift)), firstLanes(rest));
    total = f32x4.add(total, last);
    if (stored) {
      storeFirst(target, last, width - (seen & ~3));
      target += 16;
    }
  }
  const behind = width - ((seen + 3) & ~3);
  if (stored && behind > 0) memory.fill(target, 0, <usize> behind << 2);
  return sumLanes(total);
}

/** `biased` is a constant at each call. */
// @ts-ignore: decorator
@inline
function powersOf(
  target: usize,
  scores: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  seen: i32,
  width: i32,
): f32 {
  const origin = originOf(bias, biased, seen);
  const shift = shiftOf(scores, scale, bias, biased, origin, seen);
  return sumOfPowers(target, true, scores, scale, bias, biased, origin, shift, seen, width);
}

/**
 * target[j] = e^(scale scores[j] + bias[j]) over a common factor for j < seen, and 0 for seen <= j <
 * width.
 *
 * @param target May be `scores`.
 * @param bias None for address 0.
 * @returns What the elements add up to: at least 1, or NaN if a logit that is seen is NaN or infinity.
 */
export function powersRow(
  target: usize,
  scores: usize,
  scale: f32,
  bias: usize,
  seen: i32,
  width: i32,
): f32 {
  const factor = f32x4.splat(scale * INVERSE_LN_2);
  return bias
    ? powersOf(target, scores, factor, bias, true, seen, width)
    : powersOf(target, scores, factor, bias, false, seen, width);
}

/** x[j] /= divisor for j < count. */
// @ts-ignore: decorator
@inline
export function divideRow(x: usize, divisor: f32, count: i32): void {
  const all = f32x4.splat(divisor);
  const end = x + (<usize> count << 2);
  for (; x + 16 <= end; x += 16) v128.store(x, f32x4.div(v128.load(x), all));
  if (x < end) storeFirst(x, f32x4.div(v128.load(x), all), <i32> (end - x) >> 2);
}

/**
 * One row of attention: the sum of {@link powersRow} over the keys skipped <= j < seen, 0 for j < skipped
 * and seen <= j < width. Its bits are the same wherever the row begins before the keys that are seen.
 *
 * @param target May be `scores`.
 * @param bias None for address 0.
 * @param softpick Whether {@link picksRow} takes the place of {@link powersRow}.
 */
// @ts-ignore: decorator
@inline
export function powersOfSeen(
  target: usize,
  scores: usize,
  scale: f32,
  bias: usize,
  skipped: i32,
  seen: i32,
  width: i32,
  softpick: bool,
): f32 {
  const at = <usize> skipped << 2;
  if (skipped != 0) {
    memory.fill(target, 0, at);
    target += at;
    scores += at;
    if (bias) bias += at;
    seen -= skipped;
    width -= skipped;
  }
  return softpick
    ? picksRow(target, scores, scale, bias, seen, width)
    : powersRow(target, scores, scale, bias, seen, width);
}

/**
 * A map's queries are its last tokens: query q sees the keys firsts[q] <= j <= i with i = keys - queries +
 * q. target[q, j] = softmax (or softpick) over these of scale scores[q, j] + bias[j], and 0 for all other j.
 *
 * @param target Not scores.
 * @param queries Rows of the map.
 * @param keys Columns of the map, at least as many.
 * @param bias None for address 0.
 * @param firsts 32-bit integers [queries]; all 0 for address 0.
 */
export function causalSoftmax(
  queries: i32,
  keys: i32,
  target: usize,
  scores: usize,
  bias: usize,
  scale: f32,
  firsts: usize,
  softpick: bool,
): void {
  const rowBytes = <usize> keys << 2;
  for (let q = 0; q < queries; q++) {
    const seen = keys - queries + 1 + q;
    const skipped = firsts ? load<i32>(firsts + (<usize> q << 2)) : 0;
    const sum = powersOfSeen(target, scores, scale, bias, skipped, seen, keys, softpick);
    divideRow(target + (<usize> skipped << 2), sum, seen - skipped);
    target += rowBytes;
    scores += rowBytes;
  }
}

/**
 * The gradient of {@link causalSoftmax} for the scores, from its output and the gradient for that:
 * scale p[q, j] (dp[q, j] - sum over l <= i of p[q, l] dp[q, l]) for j <= i, and 0 for j > i: also where p
 * is 0, as for keys that are not seen.
 */
export function causalSoftmaxGradient(
  queries: i32,
  keys: i32,
  target: usize,
  probabilities: usize,
  gradient: usize,
  scale: f32,
): void {
  const rowBytes = <usize> keys << 2;
  const zero = f32x4.splat(0);
  for (
    let i = keys - queries;
    i < keys;
    i++, target += rowBytes, probabilities += rowBytes, gradient += rowBytes
  ) {
    let total = zero;
    for (let j = 0; j <= i; j += 4) {
      const at = <usize> j << 2;
      const product = f32x4.mul(v128.load(probabilities + at), v128.load(gradient + at));
      total = f32x4.add(total, v128.bitselect(product, zero, firstLanes(i + 1 - j)));
    }
    const mean = f32x4.splat(sumLanes(total));
    for (let j = 0; j <= i; j += 4) {
      const at = <usize> j << 2;
      const difference = f32x4.sub(v128.load(gradient + at), mean);
      const slope = f32x4.mul(f32x4.mul(f32x4.splat(scale), v128.load(probabilities + at)), difference);
      storeFirst(target + at, v128.bitselect(slope, zero, firstLanes(i + 1 - j)), keys - j);
    }
    const written = (<usize> (i + 4) >> 2) << 4;
    if (written < rowBytes) memory.fill(target + written, 0, rowBytes - written);
  }
}
