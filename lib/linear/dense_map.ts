import type { StoredMatrix } from "../format/mod.ts";
import { kept, linear, storedTensor, tf } from "../tensor/mod.ts";
import type { LinearMap } from "./linear_map.ts";

/**
 * A linear map in float32.
 *
 * @param weight `[out, in]`; the map's from here on, as is the bias.
 * @param bias `[out]`
 */
export function denseMap(weight: tf.Tensor2D, bias?: tf.Tensor1D): LinearMap {
  return {
    byteLength: 4 * (weight.size + (bias?.size ?? 0)),
    floats: { weight, bias },
    apply: (value, { activation } = {}) => linear(value, weight, bias, activation),
    [Symbol.dispose]() {
      weight.dispose();
      bias?.dispose();
    },
  };
}

/**
 * A linear map in float32, whatever form its weight is stored in: what every other kind of map is
 * compared with.
 *
 * @param weight `[out, in]`
 * @param bias `[out]`
 */
export function denseMapOf(weight: StoredMatrix, bias?: Float32Array): LinearMap {
  const made = kept(() => ({ weight: storedTensor(weight), bias: bias && tf.tensor1d(bias) }));
  return denseMap(made.weight, made.bias);
}
