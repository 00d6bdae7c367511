import { median, require } from "../core/mod.ts";
import { absmaxStep } from "./absmax.ts";
import { requireBits, requireFinite, requireLayout } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";

/** How channels are put into blocks. */
export interface ChannelBlocksOptions {
  /** Channels of a block; the last may have fewer. */
  blockSize: number;
  /** Of blocks without outliers, 2..8. */
  bits: number;
  /** Of blocks with outliers, 2..8, and no fewer than the others have. */
  outlierBits: number;
  /** A channel that reaches more than so many times what the median channel does is an outlier. */
  threshold: number;
}

/** Blocks of channels, each with as many bits as it needs (COMET's FMPQ). */
export interface ChannelBlocks {
  /** `[channels]`, the channel at each place. */
  order: Uint32Array;
  /** Places of a block; the last may have fewer. */
  blockSize: number;
  /** `[blocks]` */
  bits: Uint8Array;
}

/**
 * Puts channels into blocks by the largest `|x|` that each has been seen to reach, the largest first, equal ones in
 * their order: outliers share as few blocks as hold them. A block whose first channel is one has `outlierBits`.
 *
 * @param largest `[channels]`
 * @param name What errors call the tensor.
 * @throws {InputError} If a setting is none of its values.
 */
export function channelBlocks(
  largest: Float32Array,
  { blockSize, bits, outlierBits, threshold }: ChannelBlocksOptions,
  name = "tensor",
): ChannelBlocks {
  requireBits(bits, name);
  requireBits(outlierBits, name);
  const action = `quantize ${name}`;
  const isSize = Number.isInteger(blockSize) && blockSize > 0;
  require(isSize, action, "groupSize must be a positive integer", blockSize);
  const isMore = outlierBits >= bits;
  require(isMore, action, `outlierBits must be at least the ${bits} bits of others`, outlierBits);
  require(threshold >= 0, action, "threshold must be 0 or more", threshold);
  const order = Uint32Array.from(largest.keys()).sort((a, b) => largest[b] - largest[a] || a - b);
  const limit = threshold * median(largest);
  const blocks = Math.ceil(largest.length / blockSize);
  return {
    order,
    blockSize,
    bits: Uint8Array.from(
      { length: blocks },
      (_, block) => largest[order[block * blockSize]] > limit ? outlierBits : bits,
    ),
  };
}

/** Bits of a channel, on average. */
export function averageBits({ order, blockSize, bits }: ChannelBlocks): number {
  let sum = 0;
  for (let place = 0; place < order.length; place++) sum += bits[Math.floor(place / blockSize)];
  return sum / order.length;
}

/** Symmetric codes whose steps are those of a row's blocks. */
export interface ChannelBlocksQuantized {
  /** `[rows, channels]`, by places. */
  codes: Int8Array;
  /** `[rows, blocks]` */
  scale: Float32Array;
}

/**
 * Rounds each block of each row to whole multiples of its own step, ties to even: its largest `|x|` is the highest
 * code of the block's bits. In float32.
 *
 * @param x `[rows, channels]`.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` is not finite or no whole number of rows.
 */
export function quantizeChannelBlocks(
  x: Float32Array,
  { order, blockSize, bits }: ChannelBlocks,
  name = "tensor",
): ChannelBlocksQuantized {
  const channels = order.length;
  requireLayout(x.length, { channels, inner: 1 }, name);
  requireFinite(x, name);
  const rows = x.length / channels;
  const codes = new Int8Array(x.length);
  const scale = new Float32Array(rows * bits.length);
  for (let row = 0; row < rows; row++) {
    const start = row * channels;
    for (let block = 0; block < bits.length; block++) {
      const [first, end] = [block * blockSize, Math.min((block + 1) * blockSize, channels)];
      let largest = 0;
      for (let place = first; place < end; place++) {
        largest = Math.max(largest, Math.abs(x[start + order[place]]));
      }
      const step = absmaxStep(largest, bits[block]);
      for (let place = first; place < end; place++) {
        codes[start + place] = roundHalfEven(Math.fround(x[start + order[place]] / step));
      }
      scale[row * bits.length + block] = step;
    }
  }
  return { codes, scale };
}

/** `code * scale` in float32, `[rows, channels]` in the order of channels. */
export function dequantizeChannelBlocks(
  { codes, scale }: ChannelBlocksQuantized,
  { order, blockSize, bits }: ChannelBlocks,
): Float32Array {
  const channels = order.length;
  const x = new Float32Array(codes.length);
  for (let row = 0, start = 0; start < codes.length; row++, start += channels) {
    for (let place = 0; place < channels; place++) {
      const step = scale[row * bits.length + Math.floor(place / blockSize)];
      x[start + order[place]] = codes[start + place] * step;
    }
  }
  return x;
}
