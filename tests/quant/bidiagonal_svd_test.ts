import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { bidiagonalSvd } from "../../lib/quant/bidiagonal_svd.ts";

const value = fc.integer({ min: -9, max: 9 });

Deno.test("bidiagonalSvd() takes a matrix apart into orthogonal vectors and descending values", () => {
  const sizes = fc.integer({ min: 1, max: 9 });
  fc.assert(fc.property(sizes, fc.gen(), (size, draw) => {
    const several = () => draw(fc.array, value, { minLength: size, maxLength: size });
    const [diagonal, above] = [several(), several()];
    const { values, left, right } = bidiagonalSvd(diagonal, above);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        let sum = 0;
        let product = 0;
        for (let r = 0; r < size; r++) {
          sum += values[r] * left[r][row] * right[r][column];
          product += right[row][r] * right[column][r];
        }
        const element = row === column ? diagonal[row] : row + 1 === column ? above[row] : 0;
        assertAlmostEquals(sum, element, 1e-9);
        assertAlmostEquals(product, Number(row === column), 1e-9);
      }
    }
    assert(values.every((each, r) => r === 0 || each <= values[r - 1]));
  }));
});

Deno.test("bidiagonalSvd() knows the values of a small matrix, and of zeros", () => {
  const { values } = bidiagonalSvd([3, 5], [4, 99]); // 3 4 / 0 5
  assertAlmostEquals(values[0], 3 * Math.sqrt(5), 1e-12);
  assertAlmostEquals(values[1], Math.sqrt(5), 1e-12);
  const zeros = bidiagonalSvd([0, 0], [0, 0]);
  assertEquals([...zeros.values], [0, 0]);
  assertEquals([...zeros.left[0]], [0, 0]);
});
