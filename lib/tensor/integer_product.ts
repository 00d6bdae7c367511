import type { Arena } from "./arena.ts";

/** What multiplies codes of activations and weights; sums are exact. */
export interface IntegerProduct {
  /** E.g. `oneDNN 2.6.3` or `WebAssembly SIMD`. */
  readonly name: string;
  /** Whether a native library does, on whole bytes, where that pays. */
  readonly native: boolean;
}

/** The products of `assembly/integer.ts`. */
export const simdIntegerProduct: IntegerProduct = { name: "WebAssembly SIMD", native: false };

/**
 * c = offset + a bᵀ: unsigned bytes [m, k] times signed bytes [n, k], in 32-bit integers. Matrices are
 * given by their addresses; rows of a and of c are `strideA` and `strideC` elements apart, and `offset`
 * is [n].
 */
export type ByteProduct = (
  a: number,
  strideA: number,
  b: number,
  c: number,
  strideC: number,
  offset: number,
  m: number,
  n: number,
  k: number,
) => void;

/**
 * Whether a product is exact at the extremes: 8-bit products whose pairs are added in 16 bits, as
 * processors without VNNI instructions do, saturate there.
 */
export function isExact(multiply: ByteProduct, arena: Arena): boolean {
  const offset = 7;
  return [[1, 1], [1, 64], [64, 1], [48, 64]].every(([m, n]) => {
    const k = 64;
    return arena.scratch([m * k, n * k, 4 * m * n, 4 * n], (a, b, c, offsets) => {
      arena.view(Uint8Array, a, m * k).fill(255);
      arena.view(Int32Array, offsets, n).fill(offset);
      const sums = arena.view(Int32Array, c, m * n);
      return [-128, 127].every((weight) => {
        arena.view(Int8Array, b, n * k).fill(weight);
        multiply(a, k, b, c, n, offsets, m, n, k);
        return sums.every((sum) => sum === offset + 255 * weight * k);
      });
    });
  });
}
