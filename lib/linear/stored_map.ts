import { FloatMatrix, type StoredMatrix } from "../format/mod.ts";
import { halfLinear, holdHalves, kept, tf } from "../tensor/mod.ts";
import { denseMapOf } from "./dense_map.ts";
import type { LinearMap } from "./linear_map.ts";

/**
 * A linear map in float32 for what goes from token to token: a weight of 16-bit floats stays as it is stored, so that
 * a row waits for half as many bytes; any other is as {@linkcode denseMapOf} has it.
 *
 * @param weight `[out, in]`
 * @param bias `[out]`
 */
export function storedMap(weight: StoredMatrix, bias?: Float32Array): LinearMap {
  const halves = weight instanceof FloatMatrix ? holdHalves(weight) : undefined;
  if (!halves) return denseMapOf(weight, bias);
  const added = bias && kept(() => tf.tensor1d(bias));
  return {
    byteLength: weight.byteLength + (bias?.byteLength ?? 0),
    apply: (value, { activation } = {}) => halfLinear(value, halves, added, activation),
    [Symbol.dispose]() {
      halves[Symbol.dispose]();
      added?.dispose();
    },
  };
}
