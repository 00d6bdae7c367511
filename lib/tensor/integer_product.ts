import type { Arena } from "./arena.ts";

/** What multiplies codes of activations and weights; sums are exact. */
export interface IntegerProduct {
  /** E.g. `oneDNN 2.6.3` or `WebAssembly SIMD`. */
  readonly name: string;
  /** Whether a native library does, on whole bytes, where that pays. */
  readonly native: boolean;
  /** Whether that library takes weights in panels, as {@linkcode ByteProducts} has them. */
  readonly panels: boolean;
}

/** The products of `assembly/integer.ts`. */
export const simdIntegerProduct: IntegerProduct = {
  name: "WebAssembly SIMD",
  native: false,
  panels: false,
};

/** The size of a product of bytes: [m, k] times [k, n]. */
export interface ByteShape {
  m: number;
  n: number;
  k: number;
}

/**
 * Products c = a bᵀ of unsigned bytes [m, k] and signed bytes [n, k], in 32-bit integers, without gaps
 * between rows.
 *
 * @param products An address: of each product the addresses of a, b and c and k, as 32-bit integers.
 * @param count How many there are, all of m rows and n columns.
 * @param panels Whether b lies in panels of 64 columns (then n is a multiple of 64): one after the other,
 *   `[ceil(k / 64) * 16, 64, 4]`; else it lies as `[n, k]`.
 */
export type ByteProducts = (
  products: number,
  count: number,
  m: number,
  n: number,
  panels: number,
) => void;

/**
 * Whether products of these shapes are exact at the extremes: 8-bit products whose pairs are added in
 * 16 bits, as processors without VNNI instructions do, saturate there.
 */
export function isExact(
  multiply: ByteProducts,
  panels: boolean,
  shapes: readonly ByteShape[],
  arena: Arena,
): boolean {
  return shapes.every(({ m, n, k }) => {
    const depth = Math.ceil(k / 64) * 64;
    return arena.scratch([16, m * k, n * depth, 4 * m * n], (products, a, b, c) => {
      arena.view(Uint8Array, a, m * k).fill(255);
      arena.view(Uint32Array, products, 4).set([a, b, c, k]);
      const sums = arena.view(Int32Array, c, m * n);
      return [-128, 127].every((weight) => {
        arena.view(Int8Array, b, n * depth).fill(weight);
        multiply(products, 1, m, n, Number(panels));
        return sums.every((sum) => sum === 255 * weight * k);
      });
    });
  });
}
