import { maximum, minimum, require } from "../core/mod.ts";
import { gridSteps, type UniformGrid } from "../format/mod.ts";
import { requireBits, requireFinite, requireLayout } from "./checks.ts";
import { stepsFromZero } from "./steps_from_zero.ts";
import { observeRange, type Range } from "./range.ts";
import { affineGrid, codeBounds, type UniformFormat } from "./uniform_grid.ts";

/** How TRIP (eq. 5-8) quantizes a tensor. */
export interface TripOptions extends UniformFormat {
  /** Length of the last axis. */
  channels: number;
  /** The largest power of two, an integer in 0..8; 0 is one scale for the whole tensor. */
  K: number;
  /** A static range, per tensor or per channel; by default that of the input itself. */
  range?: Range;
  /** What errors call the tensor. */
  name?: string;
}

/** A grid per channel whose steps are powers of two times one finest step. */
export interface TripParams extends UniformGrid {
  K: number;
  /** The finest step, a 2^-K part of the step for the whole tensor. */
  finestScale: number;
  /** Per channel, 0..K: `scale[c] = 2^alpha[c] * finestScale`. */
  alpha: Uint8Array;
  /** `[channels, K + 1]`, the mean squared error of channel c with alpha = a. */
  scores: Float64Array;
}

/**
 * TRIP (eq. 5-8): a power-of-two refinement of the step for each channel.
 *
 * `S = (max - min) / (2^bits - 1)` and the zero point belong to the whole tensor. Channel c gets the
 * step `2^alpha * S / 2^K` with the alpha in 0..K that leaves the least squared error after quantizing
 * (clipped, with the zero point) and dequantizing; the smallest such alpha on ties. Signed formats
 * are affine as well. The result serves {@linkcode quantizeUniform}, {@linkcode dequantizeUniform},
 * {@linkcode fakeQuantizeUniform} and {@linkcode foldTrip}.
 *
 * @param x `[tokens, channels]`.
 * @throws {InputError} If `x` is empty, not finite, no whole number of rows or of a range wider than
 * float32 reaches, or bits or K are out of range.
 */
export function searchTrip(x: Float32Array, options: TripOptions): TripParams {
  const { channels, bits, K, profile = "paper", signed = false, name = "tensor" } = options;
  requireBits(bits, name);
  require(
    Number.isInteger(K) && K >= 0 && K <= 8,
    `quantize ${name}`,
    "K must be an integer in 0..8",
    K,
  );
  requireLayout(x.length, { channels, inner: 1 }, name);
  requireFinite(x, name);
  const range = options.range ?? observeRange(x, { channels, granularity: "tensor", name });
  const bounds = codeBounds(bits, signed);
  const { scale, zeroPoint } = affineGrid(
    minimum(range.min),
    maximum(range.max),
    bounds,
    profile,
    name,
  );
  const finest: UniformGrid = {
    bits,
    profile,
    ...bounds,
    scale: Float32Array.of(scale / 2 ** K),
    zeroPoint: Int32Array.of(zeroPoint),
    inner: 1,
  };
  const finestScale = finest.scale[0];
  const scores = tripScores(x, channels, K, finest);
  const alpha = Uint8Array.from({ length: channels }, (_, channel) => {
    const candidates = scores.subarray(channel * (K + 1), (channel + 1) * (K + 1));
    return candidates.indexOf(Math.min(...candidates));
  });
  return {
    ...finest,
    scale: Float32Array.from(alpha, (power) => 2 ** power * finestScale),
    zeroPoint: new Int32Array(channels).fill(zeroPoint),
    K,
    finestScale,
    alpha,
    scores,
  };
}

/**
 * The mean squared error `[channels, K + 1]` of every channel with every alpha.
 *
 * One pass over `x`: each row is divided by the finest step once, and the coarser ratios follow
 * exactly by halving.
 */
function tripScores(
  x: Float32Array,
  channels: number,
  K: number,
  finest: UniformGrid,
): Float64Array {
  const { scale: [finestScale], shift: [shift], low: [low], high: [high] } = gridSteps(finest);
  const sums = Array.from({ length: K + 1 }, () => new Float64Array(channels));
  const ratios = new Float32Array(channels);
  for (let row = 0; row < x.length; row += channels) {
    for (let c = 0; c < channels; c++) ratios[c] = x[row + c] / finestScale;
    for (let power = 0; power <= K; power++) {
      const step = 2 ** power * finestScale;
      const halvings = 2 ** -power;
      const sum = sums[power];
      for (let c = 0; c < channels; c++) {
        const steps = stepsFromZero(ratios[c] * halvings, shift, low, high);
        const error = Math.fround(x[row + c] - Math.fround(steps * step));
        sum[c] += error * error;
      }
    }
  }
  const tokens = x.length / channels;
  return Float64Array.from(
    { length: channels * (K + 1) },
    (_, i) => sums[i % (K + 1)][Math.floor(i / (K + 1))] / tokens,
  );
}
