import { assert, assertEquals } from "@std/assert";
import { channelError } from "../../../experiments/measure/channel_error.ts";
import { manyActivations } from "../../../experiments/measure/sample_activations.ts";
import { compareTripReadings } from "../../../experiments/tables/trip_readings.ts";
import { mean, verdictLegend } from "../../../lib/core/mod.ts";
import { fakeQuantizeUniform, searchTrip } from "../../../lib/quant/mod.ts";
import type { Measured } from "../../../lib/report/mod.ts";

const options = { channels: 16, bits: 8, K: 3 };
const tensors = manyActivations({ tokens: 128, channels: 16, outlier: 16, seed: 1 }, 2);
const { rows, notes } = compareTripReadings(tensors, options);

function reading(name: string) {
  const [, error, scaled, fine] = rows.find((row) => row[0] === name)!;
  return {
    error: (error as Measured).value,
    scaled: (scaled as Measured).value,
    fine: (fine as Measured)?.value,
  };
}

const one = reading("no TRIP: one step");
const trip = reading("step 2^alpha s, chosen with the clip");

Deno.test("compareTripReadings() measures TRIP itself as its quantizer does", () => {
  const errors = tensors.map((x) =>
    channelError(x, fakeQuantizeUniform(x, searchTrip(x, options)), 16)
  );
  assertEquals(trip.error, 100 * mean(errors));
  assertEquals(trip.fine, 15);
});

Deno.test("compareTripReadings() puts TRIP between one step and a range per channel", () => {
  assert(trip.error < one.error / 20);
  assert(reading("a range per channel").error < trip.error);
});

Deno.test("compareTripReadings() shows that a factor on both sides cancels exactly", () => {
  assertEquals(reading("eq. 6 divides by 2^alpha").error, one.error);
});

Deno.test("compareTripReadings() shows that an exponent with the step depends on the unit", () => {
  const { error, scaled } = reading("step 2^(alpha s)");
  assert(Math.abs(scaled / error - 1) > 0.5);
  assert(Math.abs(trip.scaled / trip.error - 1) < 0.01);
});

Deno.test("compareTripReadings() shows that without the clip the finest step always wins", () => {
  const { error, fine } = reading("eq. 8 without the clip");
  assertEquals(fine, 16);
  assert(error > 10 * trip.error);
});

/** The verdict on each claim below a table. */
const verdictsIn = (lines: readonly string[] = []) =>
  lines.slice(1, -1).map((line) => line.match(/^"(.+)": ([a-z ]+) \(/)!.slice(1));

Deno.test("compareTripReadings() judges what each reading gains", () => {
  assertEquals(verdictsIn(notes), [
    ["TRIP loses less than one step", "reproduced"],
    ["a range per channel loses less than TRIP", "reproduced"],
    ["eq. 6 with a division by 2^alpha loses what one step loses", "reproduced"],
    ["a step of 2^(alpha s) depends on the unit", "reproduced"],
    ["without the clip every channel takes the finest step", "reproduced"],
  ]);
  assertEquals(notes!.at(-1), verdictLegend);
});

Deno.test("compareTripReadings() leaves undecided what a single tensor cannot say", () => {
  const [[, verdict]] = verdictsIn(compareTripReadings(tensors.slice(0, 1), options).notes);
  assertEquals(verdict, "undecided");
});

Deno.test("compareTripReadings() finds no gain where channels are alike", () => {
  const alike = manyActivations({ tokens: 128, channels: 16, outlier: 1, seed: 1 }, 4);
  const [trip] = verdictsIn(compareTripReadings(alike, { ...options, K: 0 }).notes);
  assertEquals(trip, ["TRIP loses less than one step", "undecided"]);
});
