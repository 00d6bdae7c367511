// Softmax over rows.

import { expOfNegative, firstLanes, lowest, maxLanes, multiplyAdd, storeFirst, sumLanes } from "./vector";

// @ts-ignore: decorator
@inline
function logit(score: usize, scale: v128, bias: usize, biased: bool): v128 {
  return biased
    ? multiplyAdd(v128.load(score), scale, v128.load(bias))
    : f32x4.mul(v128.load(score), scale);
}

/** e^(logit - shift). */
// @ts-ignore: decorator
@inline
function powerOf(score: usize, scale: v128, bias: usize, biased: bool, shift: v128): v128 {
  return expOfNegative(
    biased
      ? f32x4.sub(logit(score, scale, bias, true), shift)
      : multiplyAdd(v128.load(score), scale, f32x4.neg(shift)),
  );
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
  const bytes = <usize> (seen & ~3) << 2;
  const rest = seen & 3;
  let largest = lowest();
  if (rest) {
    const last = logit(scores + bytes, scale, bias + bytes, biased);
    largest = v128.bitselect(last, largest, firstLanes(rest));
  }
  let score = scores, addend = bias;
  for (const end = scores + bytes; score < end; score += 16, addend += 16) {
    largest = f32x4.pmax(largest, logit(score, scale, addend, biased));
  }
  const shift = f32x4.splat(maxLanes(largest));
  let total = f32x4.splat(0);
  score = scores;
  addend = bias;
  // Two vectors at a time, as each waits long for its own steps.
  for (const end = scores + (bytes & ~31); score < end; score += 32, addend += 32, target += 32) {
    const first = powerOf(score, scale, addend, biased, shift);
    const next = powerOf(score + 16, scale, addend + 16, biased, shift);
    v128.store(target, first);
    v128.store(target, next, 16);
    total = f32x4.add(f32x4.add(total, first), next);
  }
  if (bytes & 16) {
    const next = powerOf(score, scale, addend, biased, shift);
    v128.store(target, next);
    total = f32x4.add(total, next);
    score += 16;
    addend += 16;
    target += 16;
  }
  const behind = width - (seen & ~3);
  if (behind == 0) return sumLanes(total);
  const last = v128.and(powerOf(score, scale, addend, biased, shift), firstLanes(rest));
  storeFirst(target, last, behind);
  if (behind > 4) memory.fill(target + 16, 0, <usize> (behind - 4) << 2);
  return sumLanes(f32x4.add(total, last));
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
  const factor = f32x4.splat(scale);
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
): f32 {
  if (skipped == 0) return powersRow(target, scores, scale, bias, seen, width);
  const at = <usize> skipped << 2;
  memory.fill(target, 0, at);
  return powersRow(target + at, scores + at, scale, bias ? bias + at : 0, seen - skipped, width - skipped);
}

/**
 * A map's queries are its last tokens: query q sees the keys firsts[q] <= j <= i with i = keys - queries +
 * q. target[q, j] = softmax over these of scale scores[q, j] + bias[j], and 0 for all other j.
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
): void {
  const rowBytes = <usize> keys << 2;
  for (let q = 0; q < queries; q++) {
    const seen = keys - queries + 1 + q;
    const skipped = firsts ? load<i32>(firsts + (<usize> q << 2)) : 0;
    const sum = powersOfSeen(target, scores, scale, bias, skipped, seen, keys);
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
