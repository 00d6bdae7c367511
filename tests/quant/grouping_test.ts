import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { requireRange, weightGrouping } from "../../lib/quant/grouping.ts";
import type { WeightFormat } from "../../lib/quant/mod.ts";

const format = { bits: 4, groupSize: 2, symmetric: false } as const;

const groupingOf = (rows: number, columns: number, change: Partial<WeightFormat> = {}) =>
  weightGrouping(new Float32Array(10), rows, columns, { ...format, ...change }, "mlp.up");

Deno.test("weightGrouping() makes groups of so many columns, of which the last may be shorter", () => {
  assertEquals(groupingOf(2, 5), { groupSize: 2, groups: 3 });
  assertEquals(groupingOf(2, 5, { groupSize: 5 }), { groupSize: 5, groups: 1 });
  assertEquals(groupingOf(2, 5, { groupSize: 128 }), { groupSize: 128, groups: 1 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 20 }), (groupSize) => {
    const { groups } = groupingOf(1, 10, { groupSize });
    assert(groups * groupSize >= 10 && (groups - 1) * groupSize < 10);
  }));
});

Deno.test("weightGrouping() takes a whole row for a group where it is told so", () => {
  assertEquals(groupingOf(2, 5, { groupSize: "row" }), { groupSize: 5, groups: 1 });
});

Deno.test("weightGrouping() refuses shapes, bits and group sizes that no matrix has", () => {
  const refuses = (grouping: () => unknown, rule: string) =>
    assertThrows(grouping, InputError, `Cannot quantize mlp.up: ${rule}`);
  refuses(() => groupingOf(3, 4), "it must hold 3 x 4 values, got 10");
  refuses(() => groupingOf(2.5, 4), "it must hold 2.5 x 4 values, got 10");
  refuses(() => groupingOf(-2, -5), "it must hold -2 x -5 values, got 10");
  refuses(() => groupingOf(2, 5, { bits: 9 }), "bits must be an integer in 2..8, got 9");
  for (const groupSize of [0, -1, 1.5, NaN]) {
    const rule = `groupSize must be a positive integer or "row", got ${groupSize}`;
    refuses(() => groupingOf(2, 5, { groupSize }), rule);
  }
  const symmetric = "yes" as unknown as boolean;
  refuses(() => groupingOf(2, 5, { symmetric }), 'symmetric must be true or false, got "yes"');
  const strange = Float32Array.of(1, NaN);
  refuses(
    () => weightGrouping(strange, 1, 2, format, "mlp.up"),
    "element 1 must be finite, got NaN",
  );
});

Deno.test("requireRange() refuses a largest magnitude of grids that are not centred on zero", () => {
  for (const range of ["minmax", "mse"] as const) requireRange(range, format, "mlp.up");
  for (const range of ["absmax", "absmaxMse"] as const) {
    requireRange(range, { symmetric: true }, "mlp.up");
    const message = `Cannot quantize mlp.up: range ${range} must be symmetric, got false`;
    assertThrows(() => requireRange(range, format, "mlp.up"), InputError, message);
  }
});
