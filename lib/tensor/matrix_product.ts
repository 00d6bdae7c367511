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
}

/** One way to multiply float32 matrices. */
export interface MatrixProduct {
  /** E.g. `oneDNN 2.6.3` or `WebAssembly SIMD`. */
  readonly name: string;
  /** Threads it computes on. */
  readonly threads: number;
  /** Writes op(a) op(b) to `target`; m, n and k are positive, all arrays row-major and packed. */
  multiply(a: Float32Array, b: Float32Array, target: Float32Array, shape: ProductShape): void;
}

/** The product on the SIMD kernels of `assembly/matmul.ts`, on one thread. */
export function simdMatrixProduct(simd: Simd): MatrixProduct {
  return {
    name: "WebAssembly SIMD",
    threads: 1,
    multiply(a, b, target, { m, n, k, transposeA, transposeB }) {
      const stride = Math.ceil(n / 8) * 8;
      const rows = Math.ceil(m / 6) * 6;
      const [addressA, addressB, addressC, packed] = simd.reserve(
        m * k,
        k * n,
        rows * stride,
        256 * (96 + stride),
      );
      simd.write(addressA, a);
      simd.write(addressB, b);
      simd.kernels.matmul(addressA, addressB, addressC, m, n, k, transposeA, transposeB, packed);
      if (stride === n) {
        target.set(simd.view(addressC, m * n));
      } else {
        for (let i = 0; i < m; i++) {
          target.set(simd.view(addressC + 4 * i * stride, n), i * n);
        }
      }
    },
  };
}
