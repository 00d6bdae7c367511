import { maximum, minimum, require } from "../core/mod.ts";
import { type GridSteps, gridSteps, type UniformGrid } from "../format/mod.ts";
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
  const { channels, name = "tensor" } = options;
  requireTrip(options);
  requireLayout(x.length, { channels, inner: 1 }, name);
  const own = () => observeRange(x, { channels, granularity: "tensor", name });
  const search = startTrip(options.range ?? own(), options);
  search.add(x);
  return search.result();
}

/** A search for alpha over a tensor that comes in parts. */
export interface TripSearch {
  /**
   * Takes in further tokens.
   *
   * @param x `[tokens, channels]`.
   * @throws {InputError} If `x` is not finite or no whole number of rows.
   */
  add(x: Float32Array): void;
  /** The grid for all tokens so far: what {@linkcode searchTrip} gives for the parts joined. */
  result(): TripParams;
}

/** What {@linkcode AddTripErrors} reads besides the numbers. */
export interface TripErrors {
  channels: number;
  /** The grid of the finest step, of length 1. */
  finest: GridSteps;
  /** What errors call the tensor. */
  name: string;
}

/**
 * The arithmetic in which the search spends its time: adds the squared errors of every channel, after
 * quantization with `2^alpha` times the finest step, to `sums`, token after token in float64. Whoever
 * implements it gives the bits of {@linkcode addTripErrors}.
 *
 * @param sums `[K + 1, channels]`
 * @param x `[tokens, channels]`
 * @throws {InputError} If `x` is not finite.
 */
export type AddTripErrors = (sums: Float64Array, x: Float32Array, errors: TripErrors) => void;

/**
 * Starts {@linkcode searchTrip} on a tensor that comes in parts.
 *
 * @param range Of all of it.
 * @param addErrors The arithmetic.
 * @throws {InputError} If the range is wider than float32 reaches, or bits or K are out of range.
 */
export function startTrip(
  range: Range,
  options: Omit<TripOptions, "range">,
  addErrors: AddTripErrors = addTripErrors,
): TripSearch {
  const { channels, bits, K, profile = "paper", signed = false, name = "tensor" } = options;
  requireTrip(options);
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
  const sums = new Float64Array((K + 1) * channels);
  const errors = { channels, finest: gridSteps(finest), name };
  let tokens = 0;
  return {
    add(x) {
      requireLayout(x.length, { channels, inner: 1 }, name);
      addErrors(sums, x, errors);
      tokens += x.length / channels;
    },
    result() {
      const scores = Float64Array.from(
        { length: channels * (K + 1) },
        (_, i) => sums[i % (K + 1) * channels + Math.floor(i / (K + 1))] / tokens,
      );
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
    },
  };
}

function requireTrip({ bits, K, name = "tensor" }: TripOptions): void {
  requireBits(bits, name);
  const inRange = Number.isInteger(K) && K >= 0 && K <= 8;
  require(inRange, `quantize ${name}`, "K must be an integer in 0..8", K);
}

/**
 * {@linkcode AddTripErrors} in JavaScript.
 *
 * One pass over `x`: each row is divided by the finest step once, and the coarser ratios follow
 * exactly by halving.
 */
export const addTripErrors: AddTripErrors = (sums, x, { channels, finest, name }) => {
  const { scale: [finestScale], shift: [shift], low: [low], high: [high] } = finest;
  requireFinite(x, name);
  const ratios = new Float32Array(channels);
  for (let row = 0; row < x.length; row += channels) {
    for (let c = 0; c < channels; c++) ratios[c] = x[row + c] / finestScale;
    for (let start = 0, power = 1; start < sums.length; start += channels, power *= 2) {
      const step = power * finestScale;
      for (let c = 0; c < channels; c++) {
        const steps = stepsFromZero(ratios[c] / power, shift, low, high);
        const error = Math.fround(x[row + c] - Math.fround(steps * step));
        sums[start + c] += error * error;
      }
    }
  }
};
