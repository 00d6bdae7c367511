import { useBackend } from "../../lib/tensor/mod.ts";

/** Every way to multiply integers, and how to choose it. */
export const integerPaths: [name: string, choose: () => Promise<unknown>][] = [
  ["native where installed", () => useBackend("agile")],
  ["SIMD", () => useBackend("agile", { native: false })],
];

/** A B^T by the definition; A is [m, k] and B [n, k]. */
export function expectedProduct(a: Uint8Array, b: Int8Array, k: number): Int32Array {
  const [m, n] = [a.length / k, b.length / k];
  return Int32Array.from({ length: m * n }, (_, at) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += a[Math.floor(at / n) * k + p] * b[at % n * k + p];
    return sum;
  });
}
