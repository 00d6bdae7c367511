import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  gridBetween,
  rangeOfInliers,
  rangeWithout,
  requireSpqrGrid,
  spqrCode,
  spqrValue,
} from "../../lib/quant/spqr_grid.ts";

Deno.test("gridBetween() reaches from least to greatest, 0 or not", () => {
  const grid = gridBetween(2, 9, 7);
  assertEquals(grid, { scale: 1, zeroPoint: -2 });
  assertEquals([1, 2, 4.4, 11].map((value) => spqrCode(value, grid, 7)), [0, 0, 2, 7]);
  assertEquals(spqrValue(7, grid), 9);
});

Deno.test("gridBetween() of a single value has that value", () => {
  for (const value of [0, 3, -0.125]) {
    const grid = gridBetween(value, value, 7);
    assertEquals(spqrValue(spqrCode(value, grid, 7), grid), value);
  }
});

Deno.test("spqrCode() rounds half to even after the zero point is added", () => {
  assertEquals(spqrCode(1, { scale: 1, zeroPoint: 0.5 }, 7), 2);
  assertEquals(spqrCode(2, { scale: 1, zeroPoint: 0.5 }, 7), 2);
});

Deno.test("rangeWithout() leaves one out", () => {
  const group = Float32Array.of(1, 5, -2);
  assertEquals(rangeWithout(group), [-2, 5]);
  assertEquals(rangeWithout(group, 1), [-2, 1]);
  assertEquals(rangeWithout(Float32Array.of(4), 0), [0, 0]);
});

/** Every weight left out in turn, without a shortcut. */
function slowRange(group: Float32Array, diagonal: Float64Array, threshold: number) {
  const errors = (left: number) => {
    const grid = gridBetween(...rangeWithout(group, left), 7);
    return [...group].reduce((sum, weight, i) => {
      const error = (spqrValue(spqrCode(weight, grid, 7), grid) - weight) / diagonal[i];
      return i === left ? sum : sum + error ** 2;
    }, 0);
  };
  const inliers = group.filter((_, i) => errors(-1) - errors(i) <= threshold);
  return rangeWithout(inliers);
}

Deno.test("rangeOfInliers() is the range without those that save more than the threshold", () => {
  const group = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 2, maxLength: 8 });
  fc.assert(fc.property(group, fc.integer({ min: 0, max: 30 }), (numbers, tenths) => {
    const values = Float32Array.from(numbers);
    const diagonal = Float64Array.from(numbers, (_, i) => 1 + i % 3);
    const threshold = tenths / 10 + 0.0123; // no sum of errors
    assertEquals(
      rangeOfInliers(values, diagonal, 7, threshold),
      slowRange(values, diagonal, threshold),
    );
  }));
  const group16 = Float32Array.from({ length: 16 }, (_, i) => i === 5 ? 100 : i / 16);
  assertEquals(rangeOfInliers(group16, new Float64Array(16).fill(1), 7, 1), [0, 15 / 16]);
});

Deno.test("requireSpqrGrid() refuses ranges that float32 does not hold", () => {
  assertThrows(
    () => requireSpqrGrid([-3e38, 3e38], 7, "up"),
    InputError,
    "Cannot quantize up: the width of its range must fit float32",
  );
});
