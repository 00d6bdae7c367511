import {
  fakeQuantizeUniform,
  observeRange,
  searchTrip,
  type TripParams,
  uniformParams,
} from "../lib/quant/mod.ts";
import type { Table, TableCell } from "../lib/report/mod.ts";
import { channelError } from "./channel_error.ts";

/** A reading of eqs. 5-8: what becomes of `[tokens, channels]`, and the powers of two it chose. */
type TripReading = (x: Float32Array, trip: TripParams) => { y: Float32Array; alpha?: Uint8Array };

/**
 * The readings of eqs. 5-8 between the least and the most that steps can adapt. The printed equations
 * contradict each other; all but one of the ways to read them gain nothing.
 */
const readings: Record<string, TripReading> = {
  "no TRIP: one step": (x, trip) => ({ y: withSteps(x, trip, coarse(trip)) }),
  "a range per channel": (x, trip) => {
    const range = observeRange(x, { channels: trip.alpha.length, granularity: "channel" });
    return { y: fakeQuantizeUniform(x, uniformParams(range, trip)) };
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
};

/**
 * What each reading of TRIP's equations loses on the same activations, and on the same times 1000: a
 * quantizer must not care about the unit of its input.
 *
 * @param x `[tokens, channels]`.
 * @throws {InputError} As {@linkcode searchTrip} does.
 */
export function compareTripReadings(
  x: Float32Array,
  options: { channels: number; bits: number; K: number },
): Table {
  const { channels } = options;
  const large = x.map((value) => 1000 * value);
  const rows = Object.entries(readings).map(([name, read]): TableCell[] => {
    const [own, scaled] = [x, large].map((values) => {
      const { y, alpha } = read(values, searchTrip(values, options));
      return { error: channelError(values, y, channels), alpha };
    });
    const fine = own.alpha?.filter((power) => power === 0).length;
    return [name, percent(own.error), percent(scaled.error), fine ?? null];
  });
  return {
    title: `Readings of eqs. 5-8, ${options.bits} bits, K = ${options.K}, ${channels} channels`,
    columns: ["reading", "error, %", "error of 1000 x, %", "channels with alpha = 0"],
    rows,
    notes: ["Error: |x - y|^2 / |x|^2, mean of the channels."],
  };
}

function percent(share: number): TableCell {
  return { value: 100 * share, digits: 4 };
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
