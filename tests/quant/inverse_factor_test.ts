import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { triangleOf, triangleRow } from "../../lib/format/mod.ts";
import { inverseFactor } from "../../lib/quant/inverse_factor.ts";

/** A matrix product of square matrices. */
function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  return a.map((_, i) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[i - i % size + k] * b[k * size + i % size];
    return sum;
  });
}

const transpose = (a: Float64Array, size: number) =>
  a.map((_, i) => a[i % size * size + Math.floor(i / size)]);

Deno.test("inverseFactor() finds the upper triangular U with U^T U H = 1", () => {
  const random = seededRandom(1);
  for (const size of [1, 2, 5, 23]) {
    const root = Float64Array.from({ length: size * size }, () => random.normal());
    const matrix = product(transpose(root, size), root, size);
    for (let i = 0; i < size; i++) matrix[i * size + i] += 1;
    const result = triangleOf(matrix);
    assertEquals(inverseFactor(result, size), undefined);
    const factor = matrix.map((_, i) => {
      const [row, column] = [Math.floor(i / size), i % size];
      return column < row ? 0 : result[triangleRow(row, size) + column];
    });
    const identity = product(product(transpose(factor, size), factor, size), matrix, size);
    identity.forEach((value, i) => assertAlmostEquals(value, i % (size + 1) === 0 ? 1 : 0, 1e-10));
  }
});

Deno.test("inverseFactor() names the pivot that is not positive", () => {
  const indefinite = Float64Array.of(1, 2, 0, 3, 0, 1);
  const { column, pivot } = inverseFactor(indefinite, 3)!;
  assertEquals(column, 0);
  assertAlmostEquals(pivot, -1 / 3, 1e-12);
});
