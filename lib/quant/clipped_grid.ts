import { require } from "../core/mod.ts";
import type { UniformGrid } from "../format/mod.ts";
import { requireBits } from "./checks.ts";
import { observeRange } from "./range.ts";
import { roundHalfEven } from "./rounding.ts";
import { codeBounds } from "./uniform_grid.ts";

/** How values are quantized as they come, over a part of their range. */
export interface ClippedFormat {
  /** 2..8. */
  bits: number;
  /** Codes around 0, `scale = clip * max |x| / (2^(bits-1) - 1)`; else over `clip` times the extremes. */
  symmetric: boolean;
  /** The part of the range, above 0 and at most 1; what is beyond goes to the outermost code. */
  clip: number;
  /** Channels that share a grid; the range of all channels of a token has 0 in it, that of some may not. */
  groupSize: number | "token";
}

/**
 * The grids of values as they come, one for each group of channels of each token (QuaRot's ActQuantizer), in
 * float32.
 *
 * @param x `[tokens, channels]`
 * @param name What errors call it.
 * @throws {InputError} If `x` is empty or not finite, the format is none or groups do not divide the channels.
 */
export function clippedGrid(
  x: Float32Array,
  channels: number,
  { bits, symmetric, clip, groupSize }: ClippedFormat,
  name = "tensor",
): UniformGrid {
  const action = `quantize ${name}`;
  requireBits(bits, name);
  require(clip > 0 && clip <= 1, action, "clip must be above 0 and at most 1", clip);
  const inner = groupSize === "token" ? channels : groupSize;
  const divides = Number.isInteger(inner) && inner > 0 && channels % inner === 0;
  require(divides, action, `groups must divide its ${channels} channels`, groupSize);
  const range = { channels: x.length / inner, inner, granularity: "channel", name } as const;
  const { min, max } = observeRange(x, range);
  const share = Math.fround(clip);
  const bounds = codeBounds(bits, symmetric);
  const scale = new Float32Array(min.length);
  const zeroPoint = new Int32Array(min.length);
  for (let group = 0; group < scale.length; group++) {
    const least = groupSize === "token" ? Math.min(min[group], 0) : min[group];
    const greatest = groupSize === "token" ? Math.max(max[group], 0) : max[group];
    if (symmetric) {
      const largest = Math.fround(share * Math.max(-least, greatest));
      scale[group] = Math.fround(largest / bounds.codeMax) || 1;
      continue;
    }
    const [low, high] = [Math.fround(share * least), Math.fround(share * greatest)];
    const width = low === 0 && high === 0 ? 2 : Math.fround(high - low);
    scale[group] = Math.fround(width / bounds.codeMax) || 1;
    const start = low === 0 && high === 0 ? -1 : low;
    zeroPoint[group] = roundHalfEven(Math.fround(-start / scale[group]));
  }
  return { bits, profile: "paper", ...bounds, scale, zeroPoint, inner };
}
