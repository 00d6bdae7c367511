import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../lib/core/mod.ts";
import { leastError, weightCode, type WeightGrid } from "../../lib/quant/least_error.ts";

/** The first of the grids with the least error, each computed as it is defined. */
function searched(weights: Float32Array, grids: readonly WeightGrid[], codeMax: number) {
  const errors = grids.map((grid) =>
    weights.reduce((sum, weight) => {
      const steps = weightCode(weight, grid, codeMax) - grid.zeroPoint;
      return sum + Math.abs(Math.fround(Math.fround(grid.scale * steps) - weight)) ** 2.4;
    }, 0)
  );
  return grids[errors.indexOf(Math.min(...errors))];
}

const shrunk = (scale: number, zeroPoint: number) =>
  Array.from({ length: 80 }, (_, i) => ({ scale: Math.fround(scale * (1 - i / 100)), zeroPoint }));

Deno.test("leastError() finds the grid that computing every error finds", () => {
  const random = seededRandom(5);
  for (let trial = 0; trial < 40; trial++) {
    const size = [1, 2, 7, 128, 576][trial % 5];
    const weights = Float32Array.from({ length: size }, () => random.normal() ** 3);
    const largest = Math.max(...weights.map(Math.abs));
    for (const [codeMax, zeroPoint] of [[15, 8], [7, 4], [255, 128], [15, 0]]) {
      const grids = shrunk(largest / (codeMax / 2), zeroPoint);
      assertStrictEquals(leastError(weights, grids, codeMax), searched(weights, grids, codeMax));
    }
  }
});

Deno.test("leastError() takes the first of grids that err alike, whatever the scales", () => {
  const value = fc.integer({ min: -8, max: 7 });
  fc.assert(fc.property(
    fc.array(value, { minLength: 1, maxLength: 9 }),
    fc.constantFrom(1e-44, 2 ** -60, 2 ** -10, 1, 2 ** 60),
    (codes, scale) => {
      const weights = Float32Array.from(codes, (code) => code * scale);
      const grids = [1, 1, 2, 0.5, 1].map((factor) => ({
        scale: Math.fround(factor * scale),
        zeroPoint: 8,
      }));
      assertStrictEquals(leastError(weights, grids, 15), searched(weights, grids, 15));
    },
  ));
});

Deno.test("weightCode() is the nearest code, ties to even steps, clipped", () => {
  const grid = { scale: 2, zeroPoint: 3 };
  assertEquals([-9, -5, -3, 0, 1, 3, 5, 99].map((weight) => weightCode(weight, grid, 7)), [
    ...[0, 1, 1, 3, 3, 5, 5, 7],
  ]);
});
