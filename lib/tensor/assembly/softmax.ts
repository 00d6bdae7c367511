// Softmax over rows.

import { exp, firstLanes, lowest, maxLanes, multiplyAdd, storeFirst, sumLanes } from "./vector";

// @ts-ignore: decorator
@inline
function logit(scores: usize, scale: v128, bias: usize, biased: bool, j: i32): v128 {
  const score = v128.load(scores + (<usize> j << 2));
  return biased
    ? multiplyAdd(score, scale, v128.load(bias + (<usize> j << 2)))
    : f32x4.mul(score, scale);
}

/** `biased` is a constant at each call. */
// @ts-ignore: decorator
@inline
function softmaxOf(
  target: usize,
  scores: usize,
  scale: v128,
  bias: usize,
  biased: bool,
  seen: i32,
  width: i32,
): void {
  const whole = seen & ~3;
  const lanes = firstLanes(seen - whole);
  const end = target + (<usize> whole << 2);
  const last = seen > whole ? logit(scores, scale, bias, biased, whole) : lowest();
  let largest = v128.bitselect(last, lowest(), lanes);
  for (let j = 0; j < whole; j += 4) {
    largest = f32x4.pmax(largest, logit(scores, scale, bias, biased, j));
  }
  const shift = f32x4.splat(maxLanes(largest));
  let total = f32x4.splat(0);
  // Two at a time, as each waits long for its own steps.
  for (let j = 0; j < whole; j += 8) {
    const at = target + (<usize> j << 2);
    const power = exp(f32x4.sub(logit(scores, scale, bias, biased, j), shift));
    v128.store(at, power);
    total = f32x4.add(total, power);
    if (j + 4 == whole) break;
    const next = exp(f32x4.sub(logit(scores, scale, bias, biased, j + 4), shift));
    v128.store(at, next, 16);
    total = f32x4.add(total, next);
  }
  const rest = v128.and(exp(f32x4.sub(last, shift)), lanes);
  const sum = f32x4.splat(sumLanes(f32x4.add(total, rest)));
  for (let at = target; at < end; at += 16) v128.store(at, f32x4.div(v128.load(at), sum));
  if (whole == width) return;
  storeFirst(end, f32x4.div(rest, sum), width - whole);
  if (whole + 4 < width) memory.fill(end + 16, 0, <usize> (width - whole - 4) << 2);
}

/**
 * target[j] = softmax over j < seen of scale scores[j] + bias[j], and 0 for seen <= j < width. The
 * whole row becomes NaN if a logit that is seen is NaN or infinite.
 *
 * @param target May be `scores`.
 * @param bias None for address 0.
 */
export function softmaxRow(
  target: usize,
  scores: usize,
  scale: f32,
  bias: usize,
  seen: i32,
  width: i32,
): void {
  const factor = f32x4.splat(scale);
  if (bias) softmaxOf(target, scores, factor, bias, true, seen, width);
  else softmaxOf(target, scores, factor, bias, false, seen, width);
}

/**
 * A map's queries are its last tokens: query q sees the keys j <= i with i = keys - queries + q.
 * target[q, j] = softmax over j <= i of scale scores[q, j] + bias[j], and 0 for j > i.
 *
 * @param queries Rows of the map.
 * @param keys Columns of the map, at least as many.
 */
export function causalSoftmax(
  queries: i32,
  keys: i32,
  target: usize,
  scores: usize,
  bias: usize,
  scale: f32,
): void {
  const rowBytes = <usize> keys << 2;
  for (let seen = keys - queries + 1; seen <= keys; seen++) {
    softmaxRow(target, scores, scale, bias, seen, keys);
    target += rowBytes;
    scores += rowBytes;
  }
}

/**
 * The gradient of {@link causalSoftmax} for the scores, from its output and the gradient for that:
 * scale p[q, j] (dp[q, j] - sum over l <= i of p[q, l] dp[q, l]) for j <= i, and 0 for j > i.
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

/** largests[r] = largest element of row r, sums[r] = sum over the row of e^(x - largest). */
export function logSumExpParts(
  rows: i32,
  columns: i32,
  largests: usize,
  sums: usize,
  x: usize,
): void {
  const rowBytes = <usize> columns << 2;
  for (let r = 0; r < rows; r++, x += rowBytes) {
    let largest = lowest();
    for (let j = 0; j < columns; j += 4) {
      const lanes = firstLanes(columns - j);
      largest = f32x4.pmax(largest, v128.bitselect(v128.load(x + (<usize> j << 2)), lowest(), lanes));
    }
    const shift = f32x4.splat(maxLanes(largest));
    let total = f32x4.splat(0);
    for (let j = 0; j < columns; j += 4) {
      const power = exp(f32x4.sub(v128.load(x + (<usize> j << 2)), shift));
      total = f32x4.add(total, v128.and(power, firstLanes(columns - j)));
    }
    store<f32>(largests + (<usize> r << 2), f32x4.extract_lane(shift, 0));
    store<f32>(sums + (<usize> r << 2), sumLanes(total));
  }
}

/** target[r, j] = factor[r] e^(x[r, j] - shift[r]). */
export function scaledExp(
  rows: i32,
  columns: i32,
  target: usize,
  x: usize,
  shift: usize,
  factor: usize,
): void {
  const rowBytes = <usize> columns << 2;
  for (let r = 0; r < rows; r++, x += rowBytes, target += rowBytes) {
    const rowShift = v128.load32_splat(shift + (<usize> r << 2));
    const rowFactor = v128.load32_splat(factor + (<usize> r << 2));
    for (let j = 0; j < columns; j += 4) {
      const at = <usize> j << 2;
      const power = exp(f32x4.sub(v128.load(x + at), rowShift));
      storeFirst(target + at, f32x4.mul(rowFactor, power), columns - j);
    }
  }
}
