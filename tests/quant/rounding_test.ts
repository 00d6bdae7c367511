import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { roundHalfEven, roundToFloat16 } from "../../lib/quant/rounding.ts";
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

Deno.test("roundToFloat16() is Math.f16round for every float16, and beside every middle of two", () => {
  const half = new Float16Array(1);
  const pattern = new Uint16Array(half.buffer);
  for (let bits = 0; bits < 2 ** 16; bits++) {
    pattern[0] = bits;
    const value = half[0];
    pattern[0] = bits + 1;
    const middle = (value + half[0]) / 2;
    for (const near of [value, middle, middle * (1 + 2 ** -50), middle * (1 - 2 ** -50)]) {
      assert(Object.is(roundToFloat16(near), Math.f16round(near)), `${near} of bits ${bits}`);
    }
  }
});
