import type { Simd } from "./simd.ts";

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

/** The columns that a panel of B holds in `assembly/matmul.ts`. */
const panelColumns = 8;

/** Floats of packed panels at once: 64 MiB. */
const panelLimit = 2 ** 24;

/** The product on the SIMD kernels of `assembly/matmul.ts`. */
export function simdMatrixProduct(simd: Simd): MatrixProduct {
  return {
    name: "WebAssembly SIMD",
    threads: simd.threads,
    multiply(products, shape) {
      const { n, k } = shape;
      const fitting = Math.floor(panelLimit / k / products.length / panelColumns);
      const step = panelColumns * Math.max(1, fitting);
      for (let first = 0; first < n; first += step) {
        multiplyColumns(simd, products, shape, first, Math.min(step, n - first));
      }
    },
  };
}

/** Computes some columns of every C. */
function multiplyColumns(
  simd: Simd,
  products: readonly ProductOperands[],
  { m, k, transposeA, transposeB, strideA, strideB, strideC }: ProductShape,
  first: number,
  columns: number,
): void {
  const [columnStrideB, depthStrideB] = transposeB ? [strideB, 1] : [1, strideB];
  const [rowStrideA, depthStrideA] = transposeA ? [1, strideA] : [strideA, 1];
  const panelBytes = 4 * k * Math.ceil(columns / panelColumns) * panelColumns;
  simd.arena.scratch([products.length * panelBytes], (panels) => {
    simd.run(
      "packPanels",
      products.map(({ b }, index) => [
        panels + index * panelBytes,
        b + 4 * first * columnStrideB,
        ...[columns, k, columnStrideB, depthStrideB],
      ]),
    );
    simd.run(
      "multiplyPanels",
      products.map(({ a, c }, index) => [
        ...[a, panels + index * panelBytes, c + 4 * first],
        ...[m, columns, k, rowStrideA, depthStrideA, strideC],
      ]),
    );
  });
}
