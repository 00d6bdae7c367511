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
