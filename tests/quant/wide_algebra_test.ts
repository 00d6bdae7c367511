import { assertEquals } from "@std/assert";
import { triangleOf } from "../../lib/format/mod.ts";
import { plainAlgebra } from "../../lib/quant/mod.ts";

Deno.test("plainAlgebra subtracts the product of errors and rows of a triangle from some columns", () => {
  const triangle = triangleOf(Float64Array.of(1, 2, 3, 4, 0, 5, 6, 7, 0, 0, 8, 9, 0, 0, 0, 10));
  const matrix = new Float64Array(2 * 4);
  const errors = Float64Array.of(1, 10, NaN, 100, 1000, NaN);
  plainAlgebra.subtractProduct(matrix, errors, triangle, {
    ...{ rows: 2, columns: 4, left: 2, right: 4, first: 0, end: 2, errorStride: 3 },
  });
  assertEquals([...matrix], [0, 0, -63, -74, 0, 0, -6300, -7400]);
});

Deno.test("plainAlgebra hands out numbers of its own", () => {
  using one = plainAlgebra.take(3);
  using other = plainAlgebra.take(3);
  one.values.fill(1);
  other.values.fill(2);
  assertEquals(one.values, Float64Array.of(1, 1, 1));
});
