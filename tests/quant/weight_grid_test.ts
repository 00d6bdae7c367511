import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  weightCode,
  type WeightGrid,
  weightGrid,
  type WeightRange,
} from "../../lib/quant/weight_grid.ts";

/** Weights far from where float32 loses bits. */
const hundredths = fc.integer({ min: -400, max: 400 }).map((value) => value / 100);

const gridOf = (weights: number[], bits: number, symmetric: boolean) =>
  weightGrid(Float32Array.from(weights), { bits, symmetric }, "minmax", "mlp.up");

Deno.test("weightGrid() spreads the codes over the range of the weights and 0", () => {
  assertEquals(gridOf([-1, 2], 2, false), { scale: 1, zeroPoint: 1 });
  assertEquals(gridOf([5, 15], 4, false), { scale: 1, zeroPoint: 0 });
  assertEquals(gridOf([-30, -2], 4, false), { scale: 2, zeroPoint: 15 });
});

Deno.test("weightGrid() of a symmetric format mirrors the larger side, if a weight is negative", () => {
  assertEquals(gridOf([-1, 7.5], 4, true), { scale: 1, zeroPoint: 8 });
  assertEquals(gridOf([-7.5, 1], 4, true), { scale: 1, zeroPoint: 8 });
  assertEquals(gridOf([3, 15], 4, true), { scale: 1, zeroPoint: 8 });
});

Deno.test("weightGrid() gives zeros, and what has no scale in float32, the range -1..1", () => {
  const scale = Math.fround(2 / 15); // a little more than 2 / 15, so that 1 / scale is below 7.5
  for (const weights of [[0, 0], [1e-45, -1e-45]]) {
    assertEquals(gridOf(weights, 4, false), { scale, zeroPoint: 7 });
    assertEquals(gridOf(weights, 4, true), { scale, zeroPoint: 8 });
  }
});

Deno.test("weightGrid() refuses a range wider than float32 reaches", () => {
  assertThrows(
    () => gridOf([-3e38, 3e38], 4, false),
    InputError,
    "Cannot quantize mlp.up: the width of its range must fit float32, got [-3",
  );
});

Deno.test("weightGrid() rounds scales to F16 where asked to, before zero points", () => {
  const of = (weights: number[], symmetric = false, range: WeightRange = "minmax") =>
    weightGrid(
      Float32Array.from(weights),
      { bits: 8, symmetric, scaleDtype: "F16" },
      range,
      "mlp.up",
    );
  fc.assert(fc.property(fc.array(hundredths, { minLength: 1 }), fc.boolean(), (weights, mse) => {
    const { scale, zeroPoint } = of(weights, false, mse ? "mse" : "minmax");
    assertEquals(Math.f16round(scale), scale);
    assert(scale > 0 && Number.isInteger(zeroPoint) && zeroPoint >= 0 && zeroPoint <= 255);
  }));
  const finest = 2 ** -24; // the least that F16 has: this range would take 1.498 of it a step
  assertEquals(of([-382 * finest, 0]), { scale: finest, zeroPoint: 255 });
  assertEquals(of([1e-9, -1e-9]), of([0]), "what has no scale in F16 is as good as zero");
  assertEquals(of([0]).scale, Math.f16round(2 / 255));
  assertThrows(
    () => of([-1e7, 1e7]),
    InputError,
    "Cannot quantize mlp.up: the width of its range must fit scales of F16, got [-10000000,",
  );
});

Deno.test("weightCode() rounds half to even and clips to the codes", () => {
  const grid = { scale: 0.5, zeroPoint: 2 };
  const codes = [-9, -1, -0.25, 0.25, 0.75, 1.3, 9].map((weight) => weightCode(weight, grid, 7));
  assertEquals(codes, [0, 0, 2, 2, 4, 5, 7]);
});

Deno.test("weightCode() of a minmax grid is at most half a step off, 0 not at all", () => {
  fc.assert(
    fc.property(
      fc.array(hundredths, { minLength: 1 }),
      fc.integer({ min: 2, max: 8 }),
      (weights, bits) => {
        const grid = gridOf(weights, bits, false);
        for (const weight of [0, ...weights]) {
          const value = grid.scale * (weightCode(weight, grid, 2 ** bits - 1) - grid.zeroPoint);
          assert(Math.abs(value - weight) <= (weight ? 0.501 * grid.scale : 0));
        }
      },
    ),
  );
});

/** The sum of |error|^2.4 in float32 as the search counts it. */
function errorOf(weights: Float32Array, grid: WeightGrid, codeMax: number): number {
  return weights.reduce((sum, weight) => {
    const steps = weightCode(weight, grid, codeMax) - grid.zeroPoint;
    return sum + Math.abs(Math.fround(Math.fround(grid.scale * steps) - weight)) ** 2.4;
  }, 0);
}

Deno.test("weightGrid() with range mse has the least error of the ranges shrunk to 100..21 %", () => {
  fc.assert(
    fc.property(fc.array(hundredths, { minLength: 1 }), fc.boolean(), (values, symmetric) => {
      const weights = Float32Array.from(values);
      const errors = Array.from({ length: 80 }, (_, trial) => {
        const share = Math.fround(1 - trial / 100);
        const shrunk = [...weights].map((weight) => weight * share);
        return errorOf(weights, gridOf(shrunk, 3, symmetric), 7);
      });
      const best = weightGrid(weights, { bits: 3, symmetric }, "mse", "mlp.up");
      assertEquals(errorOf(weights, best, 7), Math.min(...errors));
    }),
  );
});

Deno.test("weightGrid() of range absmax has the largest magnitude at its highest code, from 1e-5 up", () => {
  const of = (...weights: number[]) =>
    weightGrid(Float32Array.from(weights), { bits: 4, symmetric: true }, "absmax", "mlp.up");
  assertEquals(of(3, -7, 5), { scale: 1, zeroPoint: 8 });
  assertEquals(of(3, 14), { scale: 2, zeroPoint: 8 });
  const least = { scale: Math.fround(Math.fround(1e-5) / 7), zeroPoint: 8 };
  for (const weight of [0, 1e-6, -1e-6]) assertEquals(of(weight), least);
  assertThrows(
    () => of(Infinity),
    InputError,
    "Cannot quantize mlp.up: the width of its range must fit float32, got [0,",
  );
});
