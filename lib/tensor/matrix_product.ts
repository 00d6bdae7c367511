import type { Simd } from "./simd.ts";
import { split } from "./split.ts";

/** The shape of a matrix product: C [m, n] = op(A) op(B), op(A) being [m, k] and op(B) [k, n]. */
export interface ProductShape {
  m: number;
  n: number;
  k: number;
  /** A is stored as [k, m]. */
  transposeA: boolean;
  /** B is stored as [n, k]. */
  transposeB: boolean;
  /** Elements from one stored row of A to the next; likewise for B and C. */
  strideA: number;
  strideB: number;
  strideC: number;
}

/** Where the matrices of one product lie in the memory of the tensors. */
export interface ProductOperands {
  a: number;
  b: number;
  c: number;
}

/** One way to multiply float32 matrices. */
export interface MatrixProduct {
  /** E.g. `oneDNN 2.6.3` or `WebAssembly SIMD`. */
  readonly name: string;
  /** Whether a native library computes it. */
  readonly native: boolean;
  /** Threads it computes on. */
  readonly threads: number;
  /** Writes op(A) op(B) for every triple of matrices of one shape; m, n and k are positive. */
  multiply(products: readonly ProductOperands[], shape: ProductShape): void;
}

/** The strides of matrices without gaps between their rows. */
export function packedShape(
  shape: Omit<ProductShape, "strideA" | "strideB" | "strideC">,
): ProductShape {
  const { m, n, k, transposeA, transposeB } = shape;
  return { ...shape, strideA: transposeA ? m : k, strideB: transposeB ? k : n, strideC: n };
}

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
