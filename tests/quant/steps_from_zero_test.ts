import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { stepsFromZero } from "../../lib/quant/steps_from_zero.ts";
import { nearestEven } from "./support.ts";

/** Round, then clip, then subtract: as the formula is written. */
function slowly(ratio: number, shift: number, low: number, high: number): number {
  const shifted = Math.fround(Math.fround(ratio) + shift);
  return Math.min(Math.max(nearestEven(shifted), low), high) - shift;
}

Deno.test("stepsFromZero() rounds half to even", () => {
  const steps = [0.5, 1.5, 2.5, -0.5, -1.5].map((ratio) => stepsFromZero(ratio, 8, 0, 15));
  assertEquals(steps.map((value) => value + 0), [0, 2, 2, 0, -2]);
});

Deno.test("stepsFromZero() clips to the codes however far away a value is", () => {
  for (const [ratio, steps] of [[8, 7], [1e9, 7], [3e38, 7], [Infinity, 7]]) {
    assertEquals([ratio, -ratio - 1].map((each) => stepsFromZero(each, 8, 0, 15)), [steps, -8]);
  }
});

Deno.test("stepsFromZero() is round, then clip, in float32", () => {
  const ratio = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -600, max: 600 }).map((halves) => halves / 2),
    fc.float({ min: -300, max: 300, noNaN: true }),
  );
  const codes = fc.integer({ min: 2, max: 8 }).chain((bits) =>
    fc.record({
      low: fc.constantFrom(0, -(2 ** (bits - 1))),
      width: fc.constant(2 ** bits - 1),
      zero: fc.nat(2 ** bits - 1),
    })
  );
  fc.assert(
    fc.property(ratio, codes, (ratio, { low, width, zero }) => {
      const [shift, high] = [low + zero, low + width];
      const expected = slowly(ratio, shift, low, high);
      assertEquals(stepsFromZero(ratio, shift, low, high) + 0, expected + 0);
    }),
    { numRuns: 500 },
  );
});
