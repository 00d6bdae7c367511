import { require } from "../core/mod.ts";
import { requireFinite, requireLayout } from "./checks.ts";

/** One range, scale and zero point for the whole tensor, or one for each channel. */
export type Granularity = "tensor" | "channel";

/** Least and greatest value of a tensor or of each of its channels. */
export interface Range {
  /** Length 1 or channels. */
  min: Float32Array;
  /** Length 1 or channels. */
  max: Float32Array;
  /** Adjacent elements of one channel: element i is in channel `floor(i / inner) % channels`. */
  inner: number;
}

/** How a tensor is laid out and how finely its range is observed. */
export interface ObserveOptions {
  /** How many channels there are. */
  channels: number;
  granularity: Granularity;
  /**
   * Adjacent elements of one channel. 1 (default) when the channel is the last axis, as in
   * `[tokens, channels]`; `tokens * headSize` when it is the head of `[heads, tokens, headSize]`.
   */
  inner?: number;
  /** What errors call the tensor. */
  name?: string;
}

/**
 * The minmax observer: the range of one tensor.
 *
 * Dynamic calibration uses the range of the very input; static calibration merges the ranges of
 * several batches with {@linkcode mergeRanges}.
 *
 * @param x `[..., channels, inner]`, not empty.
 * @throws {InputError} If `x` is empty, holds NaN or infinity or does not fit the layout.
 */
export function observeRange(
  x: Float32Array,
  { channels, granularity, inner = 1, name = "tensor" }: ObserveOptions,
): Range {
  require(x.length > 0, `quantize ${name}`, "it must hold at least one element", x.length);
  requireLayout(x.length, { channels, inner }, name);
  requireFinite(x, name);
  const perTensor = granularity === "tensor";
  const min = new Float32Array(perTensor ? 1 : channels).fill(Infinity);
  const max = new Float32Array(min.length).fill(-Infinity);
  const run = perTensor ? x.length : inner;
  for (let channel = 0, start = 0; start < x.length; start += run) {
    let least = min[channel];
    let greatest = max[channel];
    for (let i = start; i < start + run; i++) {
      const value = x[i];
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
    min[channel] = least;
    max[channel] = greatest;
    if (++channel === min.length) channel = 0;
  }
  return { min, max, inner: perTensor ? 1 : inner };
}

/**
 * The range that covers both.
 *
 * @throws {InputError} If one is per tensor and the other per channel, or the layouts differ.
 */
export function mergeRanges(a: Range, b: Range): Range {
  require(
    a.min.length === b.min.length && a.inner === b.inner,
    "merge two ranges",
    "both must describe the same channels (count, inner)",
    [[a.min.length, a.inner], [b.min.length, b.inner]],
  );
  return {
    min: a.min.map((value, channel) => Math.min(value, b.min[channel])),
    max: a.max.map((value, channel) => Math.max(value, b.max[channel])),
    inner: a.inner,
  };
}
