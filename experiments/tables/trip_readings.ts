import { bootstrap, type Estimate, exactVerdict, mean, verdictOf } from "../../lib/core/mod.ts";
import {
  fakeQuantizeUniform,
  observeRange,
  searchTrip,
  type TripParams,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { channelError } from "../measure/channel_error.ts";
import { meanEstimate } from "../measure/mean_estimate.ts";
import { type Finding, findingNotes } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";

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

type ReadingName = keyof typeof readings;

/** What one reading loses, tensor by tensor. */
interface MeasuredReading {
  /** The share of the signal, of the tensors and of the same times 1000. */
  errors: number[];
  scaledErrors: number[];
  /** How many channels take the finest step, in all tensors together; none where there is no choice. */
  finest?: number;
}

/**
 * What each reading of TRIP's equations loses on the same activations, and on the same times 1000: a
 * quantizer must not care about the unit of its input. With verdicts on what the readings gain.
 *
 * @param tensors `[tokens, channels]` each, such as what a site gives in some windows; every one has
 *   its own steps.
 * @throws {InputError} As {@linkcode searchTrip} does, or if there are no tensors.
 */
export function compareTripReadings(
  tensors: readonly Float32Array[],
  options: { channels: number; bits: number; K: number },
): Table {
  const { channels } = options;
  const measured = new Map(
    Object.entries(readings).map(([name, read]) => [
      name as ReadingName,
      measure(read, tensors, options),
    ]),
  );
  const rows = [...measured].map(([name, { errors, scaledErrors, finest }]): TableCell[] => [
    name,
    percent(meanEstimate(errors)),
    percent(meanEstimate(scaledErrors)),
    finest === undefined ? null : { value: finest / tensors.length, digits: 1 },
  ]);
  return {
    title: `Readings of eqs. 5-8, ${options.bits} bits, K = ${options.K}, ${channels} channels`,
    columns: ["reading", "error, %", "error of 1000 x, %", "channels with alpha = 0"],
    rows,
    notes: [
      `Error: |x - y|^2 / |x|^2, mean of the channels and of ${tensors.length} tensors.`,
      ...findingNotes(judgeReadings((name) => measured.get(name)!, channels * tensors.length)),
    ],
  };
}

function measure(
  read: TripReading,
  tensors: readonly Float32Array[],
  options: { channels: number; bits: number; K: number },
): MeasuredReading {
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

/**
 * What the figures say of the readings.
 *
 * @param channels Of all tensors together.
 */
function judgeReadings(
  of: (name: ReadingName) => MeasuredReading,
  channels: number,
): Finding[] {
  const one = of("no TRIP: one step");
  const trip = of("step 2^alpha s, chosen with the clip");
  const divided = of("eq. 6 divides by 2^alpha");
  const exponent = of("step 2^(alpha s)");
  const open = of("eq. 8 without the clip");
  const compare = (claim: string, { errors }: MeasuredReading, other: MeasuredReading) => {
    const ratio = ratioOfMeans(errors, other.errors);
    const verdict = verdictOf(ratio, { below: 1 });
    return { claim, verdict, evidence: `ratio of the errors ${formatEstimate(ratio, 3)}` };
  };
  const equal = divided.errors.filter((error, index) => error === one.errors[index]).length;
  const unit = ratioOfMeans(exponent.scaledErrors, exponent.errors);
  return [
    compare("TRIP loses less than one step", trip, one),
    compare("a range per channel loses less than TRIP", of("a range per channel"), trip),
    {
      claim: "eq. 6 with a division by 2^alpha loses what one step loses",
      verdict: exactVerdict(equal === divided.errors.length),
      evidence: `the same, digit by digit, on ${equal} of ${divided.errors.length} tensors`,
    },
    {
      claim: "a step of 2^(alpha s) depends on the unit",
      verdict: exactVerdict(unit.value !== 1),
      evidence: `error of 1000 x over that of x: ${formatEstimate(unit, 3)}`,
    },
    {
      claim: "without the clip every channel takes the finest step",
      verdict: exactVerdict(open.finest === channels),
      evidence: `${open.finest} of ${channels} channels`,
    },
  ];
}

/** Of two errors of the same tensors, in pairs. */
function ratioOfMeans(errors: number[], others: number[]): Estimate {
  const average = (values: number[], indices: Uint32Array) =>
    mean(Float64Array.from(indices, (index) => values[index]));
  return bootstrap(
    errors.length,
    (indices) => average(errors, indices) / average(others, indices),
    { seed: 0 },
  );
}

function percent({ value, low, high }: Estimate): TableCell {
  const [share, ...ends] = [value, low, high].map((each) => each && 100 * each);
  return { value: share!, low: ends[0], high: ends[1], digits: 4 };
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
