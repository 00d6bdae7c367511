import { require } from "../core/mod.ts";
import { dotInt4, type Int4Options } from "./dot.ts";
import type { PackedWeights } from "./packed_weights.ts";

/**
 * The matrix product of activations and packed weights, as the circuit of fig. 5 computes it:
 * `sum over k of (a[i, k] - za)(w[k, j] - zw)`, see {@linkcode dotInt4}.
 *
 * @param activations `[m, k]`, each 0..15, for weights of k rows.
 * @returns `[m, columns]`, signed 32-bit sums.
 * @throws {InputError} If an argument is out of range, or a lane overflows that must not.
 */
export function matmulInt4(
  activations: Uint8Array,
  weights: PackedWeights,
  options?: Int4Options,
): Int32Array {
  const { rows, columns } = weights;
  const m = countRows(activations, rows);
  const product = new Int32Array(m * columns);
  for (let i = 0; i < m; i++) {
    const row = activations.subarray(i * rows, (i + 1) * rows);
    for (let pair = 0; 2 * pair < columns; pair++) {
      product.set(dotInt4(row, weights, pair, options), i * columns + 2 * pair);
    }
  }
  return product;
}

/**
 * How many rows of activations there are.
 *
 * @throws {InputError} If the last one is incomplete.
 */
export function countRows(activations: Uint8Array, rows: number): number {
  require(
    activations.length % rows === 0,
    "multiply INT4",
    `activations must come in rows of ${rows}, as many as the weights have rows`,
    activations.length,
  );
  return activations.length / rows;
}
