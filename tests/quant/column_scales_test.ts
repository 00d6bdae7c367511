import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { floatMatrix } from "../../lib/format/mod.ts";
import { columnScales, rescaleHessian, scaleColumns } from "../../lib/quant/column_scales.ts";

const hessian = Float32Array.of(16, -4, 4); // [[16, -4], [-4, 4]]
const weight = floatMatrix("F32", Float32Array.of(3, 1, 4, 0), 2, 2);

Deno.test("columnScales() is the fourth root of activity over squares", () => {
  const [first, second] = columnScales(hessian, weight);
  assertAlmostEquals(first, (1 / 25) ** 0.25, 1e-7);
  assertAlmostEquals(second, (0.25 / 1) ** 0.25, 1e-7);
  const dead = columnScales(
    Float32Array.of(16, 0, 0),
    floatMatrix("F32", new Float32Array(2), 1, 2),
  );
  assertAlmostEquals(dead[0], 1e8 ** 0.25, 1e-4);
  assertEquals(dead[1], 1); // both are as small as they may be
  const three = floatMatrix("F32", new Float32Array(3), 1, 3);
  const rule = "Cannot quantize up: it must have the 2 columns of the Hessian, got 3";
  assertThrows(() => columnScales(hessian, three, "up"), InputError, rule);
});

Deno.test("rescaleHessian() is that of divided inputs", () => {
  const scaled = rescaleHessian(hessian, Float32Array.of(0.5, 2));
  assertEquals([...scaled], [16 / 16 / 0.25, -4 / 16 / 1, 4 / 16 / 4]);
});

Deno.test("scaleColumns() multiplies columns wherever they are", () => {
  const ordered = Float64Array.of(1, 2, 3, 4);
  scaleColumns(ordered, Int32Array.of(1, 0), Float32Array.of(10, 100));
  assertEquals([...ordered], [100, 20, 300, 40]);
});
