import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { gridSteps, type UniformGrid } from "../../lib/format/mod.ts";
import { addTripErrors, startTrip } from "../../lib/quant/mod.ts";
import { simdTripErrors, useBackend } from "../../lib/tensor/mod.ts";

/** A grid of one step, of which the zero point is some code. */
function finestGrid(scale: number, zeroPoint: number, profile: UniformGrid["profile"]) {
  const scales = Float32Array.of(scale);
  const grid = { bits: 8, profile, codeMin: 0, codeMax: 255, scale: scales, inner: 1 };
  return gridSteps({ ...grid, zeroPoint: Int32Array.of(zeroPoint) });
}

const drawn = fc.record({
  seed: fc.nat(),
  tokens: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 120, max: 300 })),
  channels: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 30, max: 150 })),
  K: fc.integer({ min: 0, max: 8 }),
  zeroPoint: fc.integer({ min: 0, max: 255 }),
  profile: fc.constantFrom("paper" as const, "released" as const),
  spread: fc.constantFrom(-140, -60, -1, 0, 3, 60, 125),
});

Deno.test("simdTripErrors() adds the errors that addTripErrors() adds, bit for bit", async () => {
  await useBackend("agile");
  fc.assert(
    fc.property(drawn, ({ seed, tokens, channels, K, zeroPoint, profile, spread }) => {
      const { normal, uniform } = seededRandom(seed);
      const x = Float32Array.from(
        { length: tokens * channels },
        () => Math.max(-3e38, Math.min(3e38, normal() * 2 ** spread)),
      );
      const before = Float64Array.from({ length: (K + 1) * channels }, uniform);
      const finest = finestGrid(0.02, zeroPoint, profile);
      const [expected, actual] = [before.slice(), before.slice()];
      addTripErrors(expected, x, { channels, finest, name: "x" });
      simdTripErrors()!(actual, x, { channels, finest, name: "x" });
      assertEquals(actual, expected);
    }),
    { numRuns: 150 },
  );
});

Deno.test("simdTripErrors() takes in parts what is larger than 2^22 elements", async () => {
  await useBackend("agile");
  const [channels, tokens] = [1000, 4300];
  const x = Float32Array.from({ length: tokens * channels }, (_, i) => Math.sin(i));
  const errors = { channels, finest: finestGrid(0.001, 100, "paper"), name: "x" };
  const [expected, actual] = [new Float64Array(2 * channels), new Float64Array(2 * channels)];
  addTripErrors(expected, x, errors);
  simdTripErrors()!(actual, x, errors);
  assertEquals(actual, expected);
});

Deno.test("simdTripErrors() refuses what is not finite, and adds nothing", async () => {
  await useBackend("agile");
  for (const strange of [NaN, Infinity, -Infinity]) {
    const range = { min: Float32Array.of(-1), max: Float32Array.of(1), inner: 1 };
    const options = { channels: 3, bits: 8, K: 2, name: "attn.q of layer 1" };
    const search = startTrip(range, options, simdTripErrors());
    search.add(Float32Array.of(0.3, -0.2, 0.9));
    const { scores } = search.result();
    assertThrows(
      () => search.add(Float32Array.of(0.5, 0.1, 0.2, 0.4, strange, 0.1)),
      InputError,
      `Cannot quantize attn.q of layer 1: element 4 must be finite, got ${strange}`,
    );
    assertEquals(search.result().scores, scores);
  }
});

Deno.test("simdTripErrors() is there on backend agile alone", async () => {
  await useBackend("cpu");
  assertEquals(simdTripErrors(), undefined);
  await useBackend("agile");
});
