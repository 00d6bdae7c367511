import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { roundHalfEven } from "../../lib/quant/rounding.ts";
import { assertSameNumbers, nearestEven } from "./support.ts";

Deno.test("roundHalfEven() rounds ties to even", () => {
  const ties = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5];
  assertSameNumbers(ties.map(roundHalfEven), [-4, -2, -2, 0, 0, 2, 2, 4], "rounded");
});

Deno.test("roundHalfEven() finds the nearest integer", () => {
  fc.assert(fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
    assertEquals(roundHalfEven(value) + 0, nearestEven(value) + 0);
  }));
});
