import { assert, assertEquals } from "@std/assert";
import { channelError } from "../../experiments/channel_error.ts";
import { sampleActivations } from "../../experiments/sample_activations.ts";
import { compareTripReadings } from "../../experiments/trip_readings.ts";
import { fakeQuantizeUniform, searchTrip } from "../../lib/quant/mod.ts";
import type { Measured } from "../../lib/report/mod.ts";

const options = { channels: 16, bits: 8, K: 3 };
const x = sampleActivations({ tokens: 128, channels: 16, outlier: 16, seed: 1 });
const { rows } = compareTripReadings(x, options);

function reading(name: string) {
  const [, error, scaled, fine] = rows.find((row) => row[0] === name)!;
  return { error: (error as Measured).value, scaled: (scaled as Measured).value, fine };
}

const one = reading("no TRIP: one step");
const trip = reading("step 2^alpha s, chosen with the clip");

Deno.test("compareTripReadings() measures TRIP itself as its quantizer does", () => {
  const y = fakeQuantizeUniform(x, searchTrip(x, options));
  assertEquals(trip.error, 100 * channelError(x, y, 16));
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
