import { assert, assertEquals } from "@std/assert";
import { simdMatrixProduct } from "../../lib/tensor/matrix_product.ts";
import { Simd } from "../../lib/tensor/simd.ts";
import { assertFloatsClose, randomFloats } from "./compare.ts";

const modules = {
  "relaxed SIMD": await Simd.load(["kernels_relaxed.wasm"]),
  "plain SIMD": await Simd.load(["kernels_simd.wasm"]),
};

/** The distance from a float32 to the next one. */
function spacing(value: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(value))) - 23);
}

for (const [name, simd] of Object.entries(modules)) {
  Deno.test(`Simd exp stays within 2 units in the last place of Math.exp with ${name}`, () => {
    const x = Float32Array.from({ length: 100000 }, (_, i) => -104 + i * 0.00193);
    const result = new Float32Array(x.length);
    simd.map(simd.kernels.exp, [x], result);
    result.forEach((value, i) => {
      const expected = Math.exp(x[i]);
      const overflows = expected > 3.4028234e38 && value === Infinity;
      const error = Math.abs(value - expected) / spacing(expected);
      assert(overflows || error < 2, `exp(${x[i]}) = ${value} is off by ${error}`);
    });
  });

  Deno.test(`Simd matmul equals a sum of products with ${name}`, () => {
    const [m, n, k] = [13, 11, 270];
    const [a, b] = [randomFloats(m * k, 1), randomFloats(k * n, 2)];
    const actual = new Float32Array(m * n);
    const shape = { m, n, k, transposeA: false, transposeB: false };
    simdMatrixProduct(simd).multiply(a, b, actual, shape);
    const expected = actual.map((_, at) => {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[Math.floor(at / n) * k + p] * b[p * n + at % n];
      return sum;
    });
    assertFloatsClose(actual, expected, 1e-6);
  });
}

Deno.test("Simd.map() repeats the shorter source and may write to a source", () => {
  const simd = modules["plain SIMD"];
  for (const [length, period] of [[12, 3], [30000, 7500], [30000, 10000], [9000, 1], [5, 5]]) {
    const values = randomFloats(length, 3);
    const expected = values.map((value, i) => Math.fround(value - values[i % period]));
    simd.map(simd.kernels.subtract, [values, values.slice(0, period)], values);
    assertEquals(values, expected);
  }
});
