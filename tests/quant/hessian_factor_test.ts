import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { floatMatrix } from "../../lib/format/mod.ts";
import { HessianFactor } from "../../lib/quant/mod.ts";

/** The upper triangle of a diagonal matrix. */
function diagonalOf(...diagonal: number[]): Float32Array {
  return Float32Array.from(
    diagonal.flatMap((value, row) => diagonal.slice(row).map((_, i) => i === 0 ? value : 0)),
  );
}

Deno.test("HessianFactor orders columns by activity, one by one or some side by side", () => {
  const hessian = diagonalOf(1, 4, 2, 8, 7, 0);
  const orderOf = (actOrder: boolean, together?: number) => {
    using factor = new HessianFactor(hessian, { actOrder }, "up", undefined, undefined, together);
    return [[...factor.order], [...factor.rank]];
  };
  assertEquals(orderOf(false)[0], [0, 1, 2, 3, 4, 5]);
  assertEquals(orderOf(true), [[3, 4, 1, 2, 5, 0], [5, 2, 3, 0, 1, 4]]);
  assertEquals(orderOf(true, 2)[0], [2, 3, 4, 5, 0, 1]);
});

Deno.test("HessianFactor.diagonal is that of the damped inverse's factor, in order", () => {
  using factor = new HessianFactor(diagonalOf(1, 4, 7), { actOrder: true, percdamp: 0.5 });
  const expected = [7, 4, 1].map((value) => (value + 0.5 * 4) ** -0.5);
  factor.diagonal.forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-12));
  assertEquals(factor.triangle.length, 6);
});

Deno.test("HessianFactor.rowsOf() gives rows in order, never active columns being 0", () => {
  using factor = new HessianFactor(diagonalOf(1, 4, 0), { actOrder: true });
  const weight = floatMatrix("F32", Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3);
  const parts = [...factor.rowsOf(weight, { name: "up" })];
  assertEquals(parts.map(({ first, rows }) => [first, rows]), [[0, 2]]);
  assertEquals([...parts[0].ordered], [2, 0, 1, 5, 0, 4]);
  assertEquals([...parts[0].values], [1, 2, 3, 4, 5, 6]);
  const wide = floatMatrix("F32", new Float32Array(4), 1, 4);
  const rule = "Cannot quantize up: it must have the 3 columns of the Hessian, got 4";
  assertThrows(() => factor.rowsOf(wide, { name: "up" }).next(), InputError, rule);
});

Deno.test("HessianFactor.rowsOf() keeps rows together that belong together", () => {
  using factor = new HessianFactor(diagonalOf(1), { actOrder: false });
  const rows = 2 ** 22 + 5;
  const weight = floatMatrix("F32", new Float32Array(rows), rows, 1);
  const counts = Array.from(
    factor.rowsOf(weight, { name: "up", multiple: 3 }),
    ({ rows }) => rows,
  );
  assertEquals(counts, [2 ** 22 - 1, 6]);
});
