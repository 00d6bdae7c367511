import { require } from "../../lib/core/mod.ts";
import {
  fakeQuantizeUniform,
  observeRange,
  searchTrip,
  type TripParams,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import { channelError } from "./channel_error.ts";

/** A reading of eqs. 5-8: what becomes of `[tokens, channels]`, and the powers of two it chose. */
type TripReading = (x: Float32Array, trip: TripParams) => { y: Float32Array; alpha?: Uint8Array };

/**
 * The readings of eqs. 5-8 between the least and the most that steps can adapt. The printed equations
 * contradict each other; all but one of the ways to read them gain nothing.
 */
const readings = {
  "no TRIP: one step": (x, trip) => ({ y: withSteps(x, trip, coarse(trip)) }),
  "a range per channel": (x, trip) => {
    const range = observeRange(x, { channels: trip.alpha.length, granularity: "channel" });
    return { y: fakeQuantizeUniform(x, uniformGrid(range, trip)) };
  },
  "step 2^alpha s, chosen with the clip": (x, trip) => ({
    y: fakeQuantizeUniform(x, trip),
    alpha: trip.alpha,
  }),
  "eq. 6 divides by 2^alpha": (x, trip) => {
    const powers = (sign: number) => trip.alpha.values().map((power) => 2 ** (sign * power));
    const [up, down] = [[...powers(1)], [...powers(-1)]];
    const scaled = timesChannels(x, up);
    const steps = coarse(trip).map((step, channel) => step * up[channel]);
    return { y: timesChannels(withSteps(scaled, trip, steps), down), alpha: trip.alpha };
  },
  "step 2^(alpha s)": (x, trip) => choose(x, trip, (alpha) => 2 ** (alpha * trip.finestScale)),
  "eq. 8 without the clip": (x, trip) => {
    const open = { ...trip, codeMin: -(2 ** 24), codeMax: 2 ** 24 };
    const { alpha } = choose(x, open, (alpha) => 2 ** alpha * trip.finestScale);
    return { y: withSteps(x, trip, alpha.values().map((a) => 2 ** a * trip.finestScale)), alpha };
  },
} satisfies Record<string, TripReading>;

/** What a reading is called. */
export type TripReadingName = keyof typeof readings;

/** What one reading loses, tensor by tensor. */
export interface MeasuredTripReading {
  /** The share of the signal, of the tensors and of the same times 1000. */
  errors: number[];
  scaledErrors: number[];
  /** How many channels take the finest step, in all tensors together; none where there is no choice. */
  finest?: number;
}

/**
 * What each reading of TRIP's equations loses on the same activations, and on the same times 1000: a
 * quantizer must not care about the unit of its input.
 *
 * @param tensors `[tokens, channels]` each, such as what a site gives in some windows; every one has
 *   its own steps.
 * @throws {InputError} As {@linkcode searchTrip} does, or if there are no tensors.
 */
export function measureTripReadings(
  tensors: readonly Float32Array[],
  options: { channels: number; bits: number; K: number },
): Map<TripReadingName, MeasuredTripReading> {
  require(tensors.length > 0, "read TRIP's equations", "there must be at least one tensor");
  return new Map(
    Object.entries(readings).map(([name, read]) => [
      name as TripReadingName,
      measure(read, tensors, options),
    ]),
  );
}

function measure(
  read: TripReading,
  tensors: readonly Float32Array[],
  options: { channels: number; bits: number; K: number },
): MeasuredTripReading {
  const { channels } = options;
  const apply = (x: Float32Array) => {
    const { y, alpha } = read(x, searchTrip(x, options));
    return { error: channelError(x, y, channels), alpha };
  };
  const own = tensors.map(apply);
  const finest = own.flatMap(({ alpha }) => alpha ? [...alpha] : []);
  return {
    errors: own.map(({ error }) => error),
    scaledErrors: tensors.map((x) => apply(x.map((value) => 1000 * value)).error),
    ...own[0].alpha && { finest: finest.filter((power) => power === 0).length },
  };
}

/** The coarsest step, for every channel. */
function coarse({ alpha, finestScale, K }: TripParams): Float32Array {
  return new Float32Array(alpha.length).fill(2 ** K * finestScale);
}

/** Quantized and dequantized with a step per channel. */
function withSteps(x: Float32Array, trip: TripParams, steps: Iterable<number>): Float32Array {
  return fakeQuantizeUniform(x, { ...trip, scale: Float32Array.from(steps) });
}

function timesChannels(x: Float32Array, factors: number[]): Float32Array {
  return x.map((value, i) => value * factors[i % factors.length]);
}

/** Infinite where the step was too large for a float. */
function squaredError(x: Float32Array, y: Float32Array, channel: number, channels: number) {
  let sum = 0;
  for (let i = channel; i < x.length; i += channels) sum += (x[i] - y[i]) ** 2;
  return Number.isNaN(sum) ? Infinity : sum;
}

/** Gives each channel the alpha in 0..K whose step loses least, the smallest on ties. */
function choose(x: Float32Array, trip: TripParams, stepOf: (alpha: number) => number) {
  const channels = trip.alpha.length;
  const tries = Array.from(
    { length: trip.K + 1 },
    (_, alpha) => withSteps(x, trip, new Float32Array(channels).fill(stepOf(alpha))),
  );
  const alpha = Uint8Array.from({ length: channels }, (_, channel) => {
    const errors = tries.map((y) => squaredError(x, y, channel, channels));
    return errors.indexOf(Math.min(...errors));
  });
  return { y: x.map((_, i) => tries[alpha[i % channels]][i]), alpha };
}
