import { maximum, median, require } from "../core/mod.ts";
import { requireLayout } from "./checks.ts";

/** How far the channels of an activation differ in size. */
export interface ChannelExtremes {
  /** The largest |x| of each channel, `[channels]`. */
  maxima: Float32Array;
  /** The median of the maxima: what an ordinary channel reaches. */
  typical: number;
  /** The largest of the maxima over the typical one. */
  spread: number;
}

/**
 * What each channel reaches.
 *
 * @param x `[tokens, channels]`.
 * @throws {InputError} If `x` is no whole number of rows.
 */
export function channelExtremes(x: Float32Array, channels: number): ChannelExtremes {
  requireLayout(x.length, { channels, inner: 1 }, "tensor");
  const maxima = new Float32Array(channels);
  for (let i = 0; i < x.length; i++) {
    maxima[i % channels] = Math.max(maxima[i % channels], Math.abs(x[i]));
  }
  const typical = median(maxima);
  return { maxima, typical, spread: maximum(maxima) / typical };
}

/**
 * In which share of the tokens each channel exceeds a threshold: a channel of outliers does in many,
 * a single outlying value in one.
 *
 * @param x `[tokens, channels]`.
 * @param threshold Of |x|, at least 0.
 * @returns `[channels]`, 0..1.
 * @throws {InputError} If `x` is no whole number of rows or the threshold is negative.
 */
export function channelPersistence(
  x: Float32Array,
  channels: number,
  threshold: number,
): Float32Array {
  requireLayout(x.length, { channels, inner: 1 }, "tensor");
  require(threshold >= 0, "find outlier channels", "threshold must be 0 or more", threshold);
  const counts = new Float32Array(channels);
  for (let i = 0; i < x.length; i++) if (Math.abs(x[i]) > threshold) counts[i % channels]++;
  return counts.map((count) => count * channels / x.length);
}
