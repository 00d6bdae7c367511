import {
  counted,
  type Estimate,
  exactVerdict,
  mapEstimate,
  verdictOf,
} from "../../lib/core/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { meanEstimate, ratioOfMeans } from "../measure/mean_estimate.ts";
import {
  type MeasuredTripReading,
  measureTripReadings,
  type TripReadingName,
} from "../measure/trip_readings.ts";
import { type Finding, findingNotes } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/**
 * What each reading of TRIP's equations loses on the same activations, with verdicts on what the
 * readings gain.
 *
 * @param tensors As {@linkcode measureTripReadings} takes them.
 * @throws {InputError} As {@linkcode measureTripReadings} does.
 */
export function compareTripReadings(
  tensors: readonly Float32Array[],
  options: { channels: number; bits: number; K: number },
): Table {
  const { channels } = options;
  const measured = measureTripReadings(tensors, options);
  const rows = [...measured].map(([name, { errors, scaledErrors, finest }]): TableCell[] => [
    name,
    percent(meanEstimate(errors)),
    percent(meanEstimate(scaledErrors)),
    finest === undefined ? null : { value: finest / tensors.length, digits: 1 },
  ]);
  return {
    title: `Readings of eqs. 5-8, ${options.bits} bits, K = ${options.K}, ${
      counted(channels, "channel")
    }`,
    columns: ["reading", "error, %", "error of 1000 x, %", "channels with alpha = 0"],
    rows,
    notes: [
      `Error: |x - y|^2 / |x|^2, mean of the channels and of ${counted(tensors.length, "tensor")}.`,
      ...findingNotes(judgeReadings((name) => measured.get(name)!, channels * tensors.length)),
    ],
  };
}

/**
 * What the figures say of the readings.
 *
 * @param channels Of all tensors together.
 */
function judgeReadings(
  of: (name: TripReadingName) => MeasuredTripReading,
  channels: number,
): Finding[] {
  const one = of("no TRIP: one step");
  const trip = of("step 2^alpha s, chosen with the clip");
  const divided = of("eq. 6 divides by 2^alpha");
  const exponent = of("step 2^(alpha s)");
  const open = of("eq. 8 without the clip");
  const compare = (claim: string, { errors }: MeasuredTripReading, other: MeasuredTripReading) => {
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
      evidence: `the same, digit by digit, on ${equal} of ${
        counted(divided.errors.length, "tensor")
      }`,
    },
    {
      claim: "a step of 2^(alpha s) depends on the unit",
      verdict: exactVerdict(unit.value !== 1),
      evidence: `error of 1000 x over that of x: ${formatEstimate(unit, 3)}`,
    },
    {
      claim: "without the clip every channel takes the finest step",
      verdict: exactVerdict(open.finest === channels),
      evidence: `${open.finest} of ${counted(channels, "channel")}`,
    },
  ];
}

function percent(share: Estimate): TableCell {
  return { ...mapEstimate(share, (each) => 100 * each), digits: 4 };
}
