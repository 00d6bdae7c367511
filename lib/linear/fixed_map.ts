import type { FixedMatrix } from "../format/mod.ts";
import { quantizeDynamicFixed } from "../quant/mod.ts";
import { fixedLinear, holdFixed, kept, tensorData, tf } from "../tensor/mod.ts";
import { follow, type LinearMap } from "./linear_map.ts";

/**
 * A linear map of dynamic fixed point: its input becomes 16-bit integers with an exponent of its own, which are
 * multiplied by those of the weight ({@linkcode fixedLinear}); the bias is added in float32.
 *
 * @param weight `[out, in]`
 * @param bias `[out]`
 * @param chain Products that are summed up in 32 bits, a multiple of eight.
 * @param name What errors call the input.
 * @throws {InputError} If another backend than `agile` computes.
 */
export function fixedMap(
  weight: FixedMatrix,
  bias: Float32Array | undefined,
  chain: number,
  name = "tensor",
): LinearMap {
  const held = holdFixed(weight, weight.rows, weight.columns);
  const added = bias && kept(() => tf.tensor1d(bias));
  return {
    byteLength: weight.byteLength + (bias?.byteLength ?? 0),
    apply(value, options) {
      const output = fixedLinear(quantizeDynamicFixed(tensorData(value), name), held, chain);
      return follow(added ? tf.add(output, added) : output, options);
    },
    [Symbol.dispose]() {
      held[Symbol.dispose]();
      added?.dispose();
    },
  };
}
