import { kurtosis, mean } from "../../lib/core/mod.ts";
import { applyMaps, type LinearMap } from "../../lib/linear/mod.ts";
import {
  fakeQuantizeUniform,
  observeRange,
  startTrip,
  type TripParams,
} from "../../lib/quant/mod.ts";
import { simdTripErrors, tensorData, tf, tidy } from "../../lib/tensor/mod.ts";

/** What quantizes a tensor: TRIP (eqs. 5-8). */
export interface TripFormat {
  bits: number;
  K: number;
}

/** What outliers make of a tensor. */
export interface OutlierState {
  /** The greatest value less the least. */
  range: number;
  /** Of all elements: 3 for a normal distribution. */
  kurtosis: number;
  /** TRIP's powers, mean of the channels, 0..K: the smaller, the finer the steps beside the largest. */
  alpha: number;
}

/** A tensor's state, and the grid that TRIP finds on it. */
export interface ObservedTensor {
  state: OutlierState;
  grid: TripParams;
}

/**
 * Looks at a tensor and finds the grid of TRIP for it, on its own range.
 *
 * @param x `[tokens, channels]`
 * @throws {InputError} If it is empty or not finite.
 */
export function observeOutliers(
  x: Float32Array,
  channels: number,
  { bits, K }: TripFormat,
): ObservedTensor {
  const range = observeRange(x, { channels, granularity: "tensor" });
  const search = startTrip(range, { channels, bits, K }, simdTripErrors());
  search.add(x);
  const grid = search.result();
  const state = {
    range: range.max[0] - range.min[0],
    kurtosis: kurtosis(x),
    alpha: mean(grid.alpha),
  };
  return { state, grid };
}

/**
 * The error of a layer: what quantizing its input adds to the outputs of the maps that read it, as a share,
 * `|W Q(x) - W x|^2 / |W x|^2`, all maps together, mean of the tokens: one of huge values counts no more
 * than another.
 *
 * @param x `[tokens, channels]`
 * @param maps In full precision.
 */
export function layerError(
  x: Float32Array,
  grid: TripParams,
  maps: readonly LinearMap[],
): number {
  const channels = grid.scale.length;
  const tokens = x.length / channels;
  const [signal, noise] = [new Float64Array(tokens), new Float64Array(tokens)];
  tidy(() => {
    const outputs = (values: Float32Array) =>
      applyMaps(maps, tf.tensor2d(values, [tokens, channels])).map(tensorData);
    const rounded = outputs(fakeQuantizeUniform(x, grid));
    for (const [map, output] of outputs(x).entries()) {
      const width = output.length / tokens;
      for (let i = 0; i < output.length; i++) {
        const token = Math.floor(i / width);
        signal[token] += output[i] ** 2;
        noise[token] += (rounded[map][i] - output[i]) ** 2;
      }
    }
  });
  return mean(noise.map((power, token) => power === 0 ? 0 : power / signal[token]));
}
