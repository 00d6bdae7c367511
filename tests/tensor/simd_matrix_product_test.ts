import { assertEquals } from "@std/assert";
import { packedShape, type ProductShape } from "../../lib/tensor/matrix_product.ts";
import { Simd } from "../../lib/tensor/simd.ts";
import { simdMatrixProduct } from "../../lib/tensor/simd_matrix_product.ts";
import { assertFloatsClose, randomFloats } from "./compare.ts";

const modules = {
  "relaxed SIMD": await Simd.load({ files: ["kernels_relaxed.wasm"] }),
  "wide tiles": await Simd.load({ files: ["kernels_relaxed.wasm"], wide: true }),
  "plain SIMD": await Simd.load({ files: ["kernels_simd.wasm"] }),
};

/** A matrix as it is stored, and where its element (row, column) lies. */
function stored(
  [rows, columns]: [number, number],
  stride: number,
  transposed: boolean,
  seed: number,
) {
  const values = randomFloats((transposed ? columns : rows) * stride, seed);
  const at = (row: number, column: number) =>
    transposed ? column * stride + row : row * stride + column;
  return { values, at };
}

/** The product of two random matrices, and what a sum of products says. */
function multiplyBoth(simd: Simd, shape: ProductShape) {
  const { m, n, k, transposeA, transposeB, strideA, strideB, strideC } = shape;
  const a = stored([m, k], strideA, transposeA, 1);
  const b = stored([k, n], strideB, transposeB, 2);
  const expected = new Float32Array(m * strideC);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a.values[a.at(row, p)] * b.values[b.at(p, column)];
      expected[row * strideC + column] = sum;
    }
  }
  const { arena } = simd;
  const bytes = [a.values, b.values, expected].map(({ byteLength }) => byteLength);
  const actual = arena.scratch(bytes, (left, right, target) => {
    arena.view(Float32Array, left, a.values.length).set(a.values);
    arena.view(Float32Array, right, b.values.length).set(b.values);
    arena.view(Float32Array, target, expected.length).fill(0);
    simdMatrixProduct(simd).multiply([{ a: left, b: right, c: target }], shape);
    return arena.view(Float32Array, target, expected.length).slice();
  });
  return { actual, expected };
}

for (const [name, simd] of Object.entries(modules)) {
  for (const [transposeA, transposeB] of [[false, false], [false, true], [true, false]]) {
    const how = `${transposeA ? "transposed" : "plain"} times ${
      transposeB ? "transposed" : "plain"
    }`;
    Deno.test(`simdMatrixProduct() equals a sum of products: ${how}, gaps, ${name}`, () => {
      const strides = { strideA: 275, strideB: 277, strideC: 14 };
      const shape = { m: 13, n: 11, k: 270, transposeA, transposeB, ...strides };
      const { actual, expected } = multiplyBoth(simd, shape);
      assertFloatsClose(actual, expected, 1e-6);
    });
  }
}

Deno.test("simdMatrixProduct() divides a large product into parts that meet", () => {
  const shape = { m: 130, n: 200, k: 70, transposeA: false, transposeB: true };
  const strides = { strideA: 72, strideB: 71, strideC: 203 };
  const { actual, expected } = multiplyBoth(modules["relaxed SIMD"], { ...shape, ...strides });
  assertFloatsClose(actual, expected, 1e-6);
});

Deno.test("simdMatrixProduct() computes the same bits on wide tiles, at all of their edges", () => {
  for (const transposeB of [false, true]) {
    for (const [m, k] of [[1, 5], [4, 300], [5, 3], [11, 257]]) {
      for (let n = 1; n <= 33; n++) {
        const shape = packedShape({ m, n, k, transposeA: false, transposeB });
        const narrow = multiplyBoth(modules["relaxed SIMD"], shape);
        const wide = multiplyBoth(modules["wide tiles"], shape);
        assertEquals(wide.actual, narrow.actual, `${m} x ${n} x ${k}`);
        assertFloatsClose(wide.actual, wide.expected, 1e-6);
      }
    }
  }
});
