// Causal attention of one query and some heads against keys and values in eight bits, a scale for each token and
// head. Codes become floats in registers: what is read is a quarter of floats, and each sum is the same to the last
// bit as that of dequantized keys and values in `attention.ts`.

import { roundProbabilities } from "./log2";
import { divideRow, powersOfSeen } from "./softmax";
import { multiplyAdd, storeFirst } from "./vector";
import { workspace } from "./workspace";

/** Depth of a block, as in `matmul.ts`: blocks are summed up apart. */
const BLOCK_DEPTH: i32 = 256;

/**
 * Tokens of which a head comes after the other, a divisor of {@link BLOCK_DEPTH}: what all of them read is in the
 * processor's nearest cache then.
 */
const SOME_TOKENS: i32 = 64;

/** Channels of a strip. */
const STRIP: i32 = 16;

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

/**
 * Reads rows once, in the order in which they lie: memory is far faster so than where every head comes by for its own
 * part of each row.
 */
function touchRows(rows: usize, count: i32, stride: usize, bytes: usize): void {
  let seen: u32 = 0;
  for (; count > 0; count--, rows += stride) {
    for (let at = rows; at < rows + bytes; at += 64) seen |= load<u8>(at);
  }
  store<u32>(workspace, seen);
}

/**
 * Adds to a strip's sums, floats [16], probabilities times the codes at `v` times their scales.
 *
 * @param starts Whether the sums are 0 so far.
 */
// @ts-ignore: decorator
@inline
function mixStrip(
  sums: usize,
  starts: bool,
  keys: i32,
  probabilities: usize,
  v: usize,
  stride: usize,
  scales: usize,
  scaleStride: usize,
): void {
  const zero = f32x4.splat(0);
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero;
  if (!starts) {
    c0 = v128.load(sums);
    c1 = v128.load(sums, 16);
    c2 = v128.load(sums, 32);
    c3 = v128.load(sums, 48);
  }
  for (; keys > 0; keys--) {
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
  v128.store(sums, c0);
  v128.store(sums, c1, 16);
  v128.store(sums, c2, 32);
  v128.store(sums, c3, 48);
}

/** Stores as many of a strip's sums as there are channels, or adds them to those of the blocks before. */
// @ts-ignore: decorator
@inline
function addBlock(output: usize, sums: usize, channels: i32, first: bool): void {
  for (; channels > 0; channels -= 4, output += 16, sums += 16) {
    let sum = v128.load(sums);
    if (!first) sum = f32x4.add(sum, v128.load(output));
    storeFirst(output, sum, channels);
  }
}

/**
 * Attention of one query of some heads to `keys` tokens.
 *
 * @param heads How many, all those that share as many keys and values as there are.
 * @param sharing Heads that share keys and values.
 * @param q As output: floats [heads, headDim].
 * @param k Codes with signs [keys, ., headDim], rows `stride` bytes apart; values likewise.
 * @param kScales Floats [keys, .], rows `scaleStride` bytes apart; those of values likewise.
 * @param bias Floats [heads, .], rows `biasStride` bytes apart, added to the scaled scores; none for address 0.
 * @param skipped So many first keys are not seen.
 * @param maximum, lowest, zeroBelow What probabilities are rounded to, as by `roundToPowers`; no rounding for
 * `maximum` 0.
 * @param totals Where the sums of the powers go, [heads]: NaN where a score is.
 * @param scores Floats [heads, keys + 8], rows `scoreStride` bytes apart, for any use.
 */
export function attendCodes(
  keys: i32,
  heads: i32,
  sharing: i32,
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
  biasStride: i32,
  skipped: i32,
  maximum: f32,
  lowest: f32,
  zeroBelow: f32,
  totals: usize,
  scores: usize,
  scoreStride: i32,
): void {
  const headBytes = <usize> headDim << 2, rowBytes = <usize> (heads / sharing * headDim);
  for (let from = 0; from < keys; from += SOME_TOKENS) {
    const end = min(keys, from + SOME_TOKENS);
    touchRows(k + <usize> from * stride, end - from, stride, rowBytes);
    for (let head = 0; head < heads; head++) {
      const owner = <usize> (head / sharing), to = scores + <usize> head * scoreStride;
      const own = k + owner * headDim, ownScales = kScales + (owner << 2), query = q + <usize> head * headBytes;
      for (let j = from; j < end; j += 8) {
        scoreEight(to + (<usize> j << 2), j, keys - 1, headDim, query, own, stride, ownScales, scaleStride);
      }
    }
  }
  for (let head = 0; head < heads; head++) {
    const own = scores + <usize> head * scoreStride;
    const ownBias = bias ? bias + <usize> head * biasStride : 0;
    const sum = powersOfSeen(own, own, scale, ownBias, skipped, keys, keys, false);
    const probabilities = own + (<usize> skipped << 2), count = keys - skipped;
    if (maximum == 0 || isNaN(sum)) divideRow(probabilities, sum, count);
    else roundProbabilities(count, probabilities, sum, maximum, lowest, zeroBelow);
    store<f32>(totals + (<usize> head << 2), sum);
  }
  for (let from = 0; from < keys; from += SOME_TOKENS) {
    const count = min(SOME_TOKENS, keys - from), at = <usize> from;
    const starts = from % BLOCK_DEPTH == 0;
    const ends = (from + count) % BLOCK_DEPTH == 0 || from + count == keys;
    touchRows(v + at * stride, count, stride, rowBytes);
    let sums = workspace + 16;
    for (let head = 0; head < heads; head++) {
      const owner = <usize> (head / sharing), probabilities = scores + <usize> head * scoreStride + (at << 2);
      const own = v + at * stride + owner * headDim, ownScales = vScales + at * scaleStride + (owner << 2);
      const to = output + <usize> head * headBytes;
      for (let c = 0; c < headDim; c += STRIP, sums += 4 * STRIP) {
        mixStrip(sums, starts, count, probabilities, own + c, stride, ownScales, scaleStride);
        if (ends) addBlock(to + (<usize> c << 2), sums, min(STRIP, headDim - c), from < BLOCK_DEPTH);
      }
    }
  }
}
