import type { MatrixProduct } from "./matrix_product.ts";
import type { Simd } from "./simd.ts";
import { split } from "./split.ts";

/** Products of fewer multiplications stay on one thread: they take about 100 microseconds. */
const smallestShared = 2 ** 20;

/** Rows and columns of C that a thread takes on at least: it packs its part of A and B itself. */
const grain = 64;

/** The product on the SIMD kernel of `assembly/matmul.ts`. */
export function simdMatrixProduct(simd: Simd): MatrixProduct {
  return {
    name: "WebAssembly SIMD",
    native: false,
    threads: simd.threads,
    multiply(products, { m, n, k, transposeA, transposeB, strideA, strideB, strideC }) {
      const [rowStrideA, columnStrideA] = transposeA ? [1, strideA] : [strideA, 1];
      const [rowStrideB, columnStrideB] = transposeB ? [1, strideB] : [strideB, 1];
      const shared = products.length * m * n * k >= smallestShared;
      const parts = shared ? Math.ceil(simd.callsAtMost / products.length) : 1;
      const columnParts = split(n, grain, parts);
      const rowParts = split(m, grain, Math.ceil(parts / columnParts.length));
      simd.run(
        "matmul",
        products.flatMap(({ a, b, c }) =>
          columnParts.flatMap(([column, columns]) =>
            rowParts.map(([row, rows]) => [
              a + 4 * row * rowStrideA,
              b + 4 * column * columnStrideB,
              c + 4 * (row * strideC + column),
              ...[rows, columns, k],
              ...[rowStrideA, columnStrideA, rowStrideB, columnStrideB, strideC],
            ])
          )
        ),
      );
    },
  };
}
