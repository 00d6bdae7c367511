// Causal attention of one query and one head against keys and values in eight bits, a scale for each token and
// head. Codes become floats in registers: what is read is a quarter of floats, and each sum is the same to the last
// bit as that of dequantized keys and values in `attention.ts`.

import { roundProbabilities } from "./log2";
import { divideRow, powersOfSeen } from "./softmax";
import { multiplyAdd, storeFirst } from "./vector";

/** Depth of a block, as in `matmul.ts`: blocks are summed up apart. */
const BLOCK_DEPTH: i32 = 256;

/** The first, or the second, half of eight 16-bit integers, times a scale. */
// @ts-ignore: decorator
@inline
function scaledLow(codes: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(codes)), scale);
}

// @ts-ignore: decorator
@inline
function scaledHigh(codes: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(codes)), scale);
}

/** Bytes of a and b, c and d, alternating: the first, or the last, eight of each. */
// @ts-ignore: decorator
@inline
function weaveLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function weaveHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** The same for pairs of bytes. */
// @ts-ignore: decorator
@inline
function weavePairsLow(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function weavePairsHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** `sum` plus q times the codes of four channels, each of four keys. */
// @ts-ignore: decorator
@inline
function addChannels(sum: v128, q: usize, codes: v128, scale: v128): v128 {
  const low = i16x8.extend_low_i8x16_s(codes), high = i16x8.extend_high_i8x16_s(codes);
  sum = multiplyAdd(v128.load32_splat(q), scaledLow(low, scale), sum);
  sum = multiplyAdd(v128.load32_splat(q, 4), scaledHigh(low, scale), sum);
  sum = multiplyAdd(v128.load32_splat(q, 8), scaledLow(high, scale), sum);
  return multiplyAdd(v128.load32_splat(q, 12), scaledHigh(high, scale), sum);
}

/** A byte of four keys, as 16-bit integers in front. */
// @ts-ignore: decorator
@inline
function channelOf(k0: usize, k1: usize, k2: usize, k3: usize): v128 {
  let four = v128.load8_splat(k0);
  four = v128.load8_lane(k1, four, 1);
  four = v128.load8_lane(k2, four, 2);
  four = v128.load8_lane(k3, four, 3);
  return i16x8.extend_low_i8x16_s(four);
}

/** A float of each of four keys. */
// @ts-ignore: decorator
@inline
function gather(s0: usize, s1: usize, s2: usize, s3: usize): v128 {
  let four = v128.load32_zero(s0);
  four = v128.load32_lane(s1, four, 1);
  four = v128.load32_lane(s2, four, 2);
  return v128.load32_lane(s3, four, 3);
}

/**
 * Scores of keys `j` to `j + 7`, to which those behind the last one that is there are like it.
 *
 * @param k Codes [keys, ., headDim], rows `stride` bytes apart.
 * @param scales Floats [keys, .], rows `scaleStride` bytes apart.
 */
// @ts-ignore: decorator
@inline
function scoreEight(
  target: usize,
  j: i32,
  last: i32,
  headDim: i32,
  q: usize,
  k: usize,
  stride: usize,
  scales: usize,
  scaleStride: usize,
): void {
  const j0 = <usize> j, j1 = <usize> min(j + 1, last), j2 = <usize> min(j + 2, last), j3 = <usize> min(j + 3, last);
  const j4 = <usize> min(j + 4, last), j5 = <usize> min(j + 5, last);
  const j6 = <usize> min(j + 6, last), j7 = <usize> min(j + 7, last);
  let k0 = k + j0 * stride, k1 = k + j1 * stride, k2 = k + j2 * stride, k3 = k + j3 * stride;
  let k4 = k + j4 * stride, k5 = k + j5 * stride, k6 = k + j6 * stride, k7 = k + j7 * stride;
  const scale = gather(
    scales + j0 * scaleStride,
    scales + j1 * scaleStride,
    scales + j2 * scaleStride,
    scales + j3 * scaleStride,
  );
  const scaleNext = gather(
    scales + j4 * scaleStride,
    scales + j5 * scaleStride,
    scales + j6 * scaleStride,
    scales + j7 * scaleStride,
  );
  let done = f32x4.splat(0), doneNext = done;
  for (let from = 0; from < headDim; from += BLOCK_DEPTH) {
    const depth = min(BLOCK_DEPTH, headDim - from);
    let sum = f32x4.splat(0), sumNext = sum;
    let c = 0;
    for (; c + 16 <= depth; c += 16, q += 64) {
      const at = <usize> (from + c);
      let a = v128.load(k0 + at), b = v128.load(k1 + at), d = v128.load(k2 + at), e = v128.load(k3 + at);
      const low = weaveLow(a, b), high = weaveHigh(a, b), lowNext = weaveLow(d, e), highNext = weaveHigh(d, e);
      a = v128.load(k4 + at);
      b = v128.load(k5 + at);
      d = v128.load(k6 + at);
      e = v128.load(k7 + at);
      const low2 = weaveLow(a, b), high2 = weaveHigh(a, b), lowNext2 = weaveLow(d, e), highNext2 = weaveHigh(d, e);
      sum = addChannels(sum, q, weavePairsLow(low, lowNext), scale);
      sumNext = addChannels(sumNext, q, weavePairsLow(low2, lowNext2), scaleNext);
      sum = addChannels(sum, q + 16, weavePairsHigh(low, lowNext), scale);
      sumNext = addChannels(sumNext, q + 16, weavePairsHigh(low2, lowNext2), scaleNext);
      sum = addChannels(sum, q + 32, weavePairsLow(high, highNext), scale);
      sumNext = addChannels(sumNext, q + 32, weavePairsLow(high2, highNext2), scaleNext);
      sum = addChannels(sum, q + 48, weavePairsHigh(high, highNext), scale);
      sumNext = addChannels(sumNext, q + 48, weavePairsHigh(high2, highNext2), scaleNext);
    }
    for (; c < depth; c++, q += 4) {
      const at = <usize> (from + c), element = v128.load32_splat(q);
      sum = multiplyAdd(element, scaledLow(channelOf(k0 + at, k1 + at, k2 + at, k3 + at), scale), sum);
      sumNext = multiplyAdd(element, scaledLow(channelOf(k4 + at, k5 + at, k6 + at, k7 + at), scaleNext), sumNext);
    }
    done = from ? f32x4.add(sum, done) : sum;
    doneNext = from ? f32x4.add(sumNext, doneNext) : sumNext;
  }
  v128.store(target, done);
  v128.store(target, doneNext, 16);
}

/** `channels` of the output, up to 16 of them: probabilities times the codes at `v` times their scales. */
// @ts-ignore: decorator
@inline
function mixStrip(
  output: usize,
  channels: i32,
  keys: i32,
  probabilities: usize,
  v: usize,
  stride: usize,
  scales: usize,
  scaleStride: usize,
): void {
  const zero = f32x4.splat(0);
  let d0 = zero, d1 = zero, d2 = zero, d3 = zero;
  for (let from = 0; from < keys; from += BLOCK_DEPTH) {
    let c0 = zero, c1 = zero, c2 = zero, c3 = zero;
    for (let j = min(BLOCK_DEPTH, keys - from); j > 0; j--) {
      const p = v128.load32_splat(probabilities), scale = v128.load32_splat(scales);
      const codes = v128.load(v);
      const low = i16x8.extend_low_i8x16_s(codes), high = i16x8.extend_high_i8x16_s(codes);
      c0 = multiplyAdd(p, scaledLow(low, scale), c0);
      c1 = multiplyAdd(p, scaledHigh(low, scale), c1);
      c2 = multiplyAdd(p, scaledLow(high, scale), c2);
      c3 = multiplyAdd(p, scaledHigh(high, scale), c3);
      probabilities += 4;
      v += stride;
      scales += scaleStride;
    }
    d0 = from ? f32x4.add(c0, d0) : c0;
    d1 = from ? f32x4.add(c1, d1) : c1;
    d2 = from ? f32x4.add(c2, d2) : c2;
    d3 = from ? f32x4.add(c3, d3) : c3;
  }
  storeFirst(output, d0, channels);
  if (channels > 4) storeFirst(output + 16, d1, channels - 4);
  if (channels > 8) storeFirst(output + 32, d2, channels - 8);
  if (channels > 12) storeFirst(output + 48, d3, channels - 12);
}

/**
 * Attention of one query of one head to `keys` tokens.
 *
 * @param q As output: floats [headDim].
 * @param k Codes with signs [keys, ., headDim], rows `stride` bytes apart; values likewise.
 * @param kScales Floats [keys, .], rows `scaleStride` bytes apart; those of values likewise.
 * @param bias Floats [keys], added to the scaled scores; none for address 0.
 * @param skipped So many first keys are not seen.
 * @param maximum, lowest, zeroBelow What probabilities are rounded to, as by `roundToPowers`; no rounding for
 * `maximum` 0.
 * @param total Where the sum of the powers goes: NaN where a score is.
 * @param scores Floats [keys + 8], for any use.
 */
export function attendCodes(
  keys: i32,
  headDim: i32,
  q: usize,
  output: usize,
  k: usize,
  v: usize,
  stride: i32,
  kScales: usize,
  vScales: usize,
  scaleStride: i32,
  scale: f32,
  bias: usize,
  skipped: i32,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  total: usize,
  scores: usize,
): void {
  for (let j = 0; j < keys; j += 8) {
    scoreEight(scores + (<usize> j << 2), j, keys - 1, headDim, q, k, stride, kScales, scaleStride);
  }
  const sum = powersOfSeen(scores, scores, scale, bias, skipped, keys, keys);
  const probabilities = scores + (<usize> skipped << 2), count = keys - skipped;
  if (maximum == 0 || isNaN(sum)) divideRow(probabilities, sum, count);
  else roundProbabilities(count, probabilities, sum, maximum, lowest, zeroBelow);
  store<f32>(total, sum);
  for (let c: usize = 0; c < <usize> headDim; c += 16) {
    mixStrip(output + (c << 2), headDim - <i32> c, keys, scores, v + c, stride, vScales, scaleStride);
  }
}
