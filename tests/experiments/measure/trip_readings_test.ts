import { assert, assertEquals, assertThrows } from "@std/assert";
import { channelError } from "../../../experiments/measure/channel_error.ts";
import { manyActivations } from "../../../experiments/measure/sample_activations.ts";
import { measureTripReadings } from "../../../experiments/measure/trip_readings.ts";
import { InputError, mean } from "../../../lib/core/mod.ts";
import { fakeQuantizeUniform, searchTrip } from "../../../lib/quant/mod.ts";

const options = { channels: 16, bits: 8, K: 3 };
const tensors = manyActivations({ tokens: 128, channels: 16, outlier: 16, seed: 1 }, 2);
const measured = measureTripReadings(tensors, options);
const one = measured.get("no TRIP: one step")!;
const trip = measured.get("step 2^alpha s, chosen with the clip")!;

Deno.test("measureTripReadings() measures TRIP itself as its quantizer does", () => {
  const errors = tensors.map((x) =>
    channelError(x, fakeQuantizeUniform(x, searchTrip(x, options)), 16)
  );
  assertEquals(trip.errors, errors);
  assertEquals(trip.finest, 30);
});

Deno.test("measureTripReadings() puts TRIP between one step and a range per channel", () => {
  const range = measured.get("a range per channel")!;
  for (const [index, error] of trip.errors.entries()) {
    assert(error < one.errors[index] / 20);
    assert(range.errors[index] < error);
  }
  assertEquals([one.finest, range.finest], [undefined, undefined]);
});

Deno.test("measureTripReadings() shows that a factor on both sides cancels exactly", () => {
  assertEquals(measured.get("eq. 6 divides by 2^alpha")!.errors, one.errors);
});

Deno.test("measureTripReadings() shows that an exponent with the step depends on the unit", () => {
  const { errors, scaledErrors } = measured.get("step 2^(alpha s)")!;
  assert(Math.abs(mean(scaledErrors) / mean(errors) - 1) > 0.5);
  assert(Math.abs(mean(trip.scaledErrors) / mean(trip.errors) - 1) < 0.01);
});

Deno.test("measureTripReadings() shows that without the clip the finest step always wins", () => {
  const { errors, finest } = measured.get("eq. 8 without the clip")!;
  assertEquals(finest, 32);
  assert(mean(errors) > 10 * mean(trip.errors));
});

Deno.test("measureTripReadings() refuses to compare on no tensors", () => {
  assertThrows(
    () => measureTripReadings([], options),
    InputError,
    "Cannot read TRIP's equations: there must be at least one tensor",
  );
});
