import { decodeMatrix, type StoredMatrix } from "../format/mod.ts";
import { lMulOffset, powersOf, roundMantissas } from "../quant/mod.ts";
import { kept, tensorData, tf } from "../tensor/mod.ts";
import { denseMap } from "./dense_map.ts";
import type { LinearMap } from "./linear_map.ts";

/**
 * A linear map whose products are L-Mul's, summed in float32: an emulation of additions that hardware would make.
 *
 * With P for {@linkcode powersOf}, L-Mul of x and w is `x P(w) + P(x) (w - (1 - 2^-l) P(w))`, so that the map is one
 * of float32 over twice as many inputs.
 *
 * @param weight `[out, in]`
 * @param bias `[out]`
 * @param mantissaBits What weights and inputs are rounded to, 1..22.
 */
export function lMulMap(
  weight: StoredMatrix,
  bias: Float32Array | undefined,
  mantissaBits: number,
): LinearMap {
  const lost = 1 - lMulOffset(mantissaBits);
  const { rows, columns } = weight;
  const values = roundMantissas(decodeMatrix(weight), mantissaBits);
  const powers = powersOf(values);
  const rests = values.map((value, i) => value - lost * powers[i]);
  const made = kept(() => ({
    weight: tf.tensor2d(sideBySide(powers, rests, columns), [rows, 2 * columns]),
    bias: bias && tf.tensor1d(bias),
  }));
  const map = denseMap(made.weight, made.bias);
  return {
    byteLength: map.byteLength,
    apply(value, options) {
      const x = roundMantissas(tensorData(value), mantissaBits);
      const joined = sideBySide(x, powersOf(x), columns);
      return map.apply(tf.tensor2d(joined, [value.shape[0], 2 * columns]), options);
    },
    [Symbol.dispose]: () => map[Symbol.dispose](),
  };
}

/** Rows of two matrices `[rows, columns]`, one behind the other. */
function sideBySide(one: Float32Array, other: Float32Array, columns: number): Float32Array {
  const joined = new Float32Array(2 * one.length);
  for (let start = 0; start < one.length; start += columns) {
    joined.set(one.subarray(start, start + columns), 2 * start);
    joined.set(other.subarray(start, start + columns), 2 * start + columns);
  }
  return joined;
}
