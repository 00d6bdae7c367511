import { assertEquals } from "@std/assert";
import { manyActivations } from "../../../experiments/measure/sample_activations.ts";
import { measureTripReadings } from "../../../experiments/measure/trip_readings.ts";
import { compareTripReadings } from "../../../experiments/tables/compare_trip_readings.ts";
import { mean, verdictLegend } from "../../../lib/core/mod.ts";
import type { Measured } from "../../../lib/report/mod.ts";

const options = { channels: 16, bits: 8, K: 3 };
const tensors = manyActivations({ tokens: 128, channels: 16, outlier: 16, seed: 1 }, 2);
const { rows, notes } = compareTripReadings(tensors, options);

Deno.test("compareTripReadings() has a row per reading, of means over the tensors, in percent", () => {
  const measured = measureTripReadings(tensors, options);
  assertEquals(rows.map(([name]) => name), [...measured.keys()]);
  for (const [name, error, scaled, finest] of rows) {
    const reading = measured.get(name as "a range per channel")!;
    assertEquals((error as Measured).value, 100 * mean(reading.errors));
    assertEquals((scaled as Measured).value, 100 * mean(reading.scaledErrors));
    assertEquals((finest as Measured | null)?.value, reading.finest && reading.finest / 2);
  }
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
