import { require } from "../core/mod.ts";
import type { Arena } from "./arena.ts";
import type { Simd } from "./simd.ts";
import { split } from "./split.ts";

/** The shape of an integer product C [m, n] = A [m, k] B^T with B [n, k]. */
export interface IntegerShape {
  m: number;
  n: number;
  /** A multiple of {@linkcode depthStep}. */
  k: number;
  /** Elements from one row of A to the next. */
  strideA: number;
  /** Elements from one row of C to the next: {@linkcode paddedColumns} of n. */
  strideC: number;
}

/** One way to multiply unsigned by signed bytes, exact in 32 bits. */
export interface IntegerProduct {
  /** E.g. `oneDNN 2.6.3` or `WebAssembly SIMD`. */
  readonly name: string;
  /** Threads it computes on. */
  readonly threads: number;
  /**
   * Writes A B^T. The matrices are given by their addresses; there is room for the padding of C and
   * as many more rows of B.
   */
  multiply(a: number, b: number, target: number, shape: IntegerShape): void;
}

/** Depths are padded to a multiple of this. */
export const depthStep = 16;

/** The depth up to which no sum of products can leave 32 bits, zero points included: 255 * 255 * k. */
const deepest = 2 ** 15;

/** Refuses a sum of too many products. */
export function requireDepth(k: number, action: string): void {
  require(k <= deepest, action, `at most ${deepest} columns may be summed up`, k);
}

/** What a row of C takes up. */
export function paddedColumns(n: number): number {
  return Math.ceil(n / 4) * 4;
}

/** Products of fewer multiplications stay on one thread: they take about 100 microseconds. */
const smallestShared = 2 ** 21;

/** The product on the SIMD kernel of `assembly/integer.ts`. */
export function simdIntegerProduct(simd: Simd): IntegerProduct {
  return {
    name: "WebAssembly SIMD",
    threads: simd.threads,
    multiply(a, b, target, { m, n, k, strideA, strideC }) {
      const parts = m * n * k < smallestShared ? 1 : simd.callsAtMost;
      simd.run(
        "integerMatmul",
        split(m, 2, parts).map(([row, rows]) => [
          ...[a + row * strideA, strideA, b, target + 4 * row * strideC],
          ...[rows, n, k],
        ]),
      );
    },
  };
}

/**
 * Whether a product is exact at the extremes: 8-bit products whose pairs are added in 16 bits, as
 * processors without VNNI instructions do, saturate there.
 */
export function isExact(product: IntegerProduct, arena: Arena): boolean {
  return [[1, 1], [1, 64], [64, 1], [48, 64]].every(([m, n]) => {
    const [k, strideC] = [64, paddedColumns(n)];
    return arena.scratch([m * k, strideC * k, 4 * m * strideC], (a, b, c) => {
      arena.view(Uint8Array, a, m * k).fill(255);
      const sums = arena.view(Int32Array, c, m * strideC);
      return [-128, 127].every((weight) => {
        arena.view(Int8Array, b, n * k).fill(weight);
        product.multiply(a, b, c, { m, n, k, strideA: k, strideC });
        return sums.every((sum, i) => i % strideC >= n || sum === 255 * weight * k);
      });
    });
  });
}
