import { requireFinite, requireLayout } from "./checks.ts";
import { parameterOf } from "./common_step.ts";
import { fusedSteps, stepsFromZero } from "./fused_steps.ts";
import type { UniformParams } from "./uniform_params.ts";

/** Writes the codes of rows of activations. */
export type ByteQuantizer = (x: Float32Array, out: Uint8Array) => void;

/**
 * Uniform quantization for integer products: codes less the lowest code, 0..255, with the columns in
 * another order; bit-equal to {@linkcode quantizeUniform}.
 *
 * @param columns Length of a row of `x`.
 * @param order `[places]`, the column at each place of a row of codes; -1 for padding, which gets 0.
 * @param name What errors call the tensor.
 * @returns Takes `x [rows, columns]` to `out [rows, places]`; throws `InputError` if `x` is not finite
 *   or no whole number of rows.
 */
export function byteQuantizer(
  params: UniformParams,
  columns: number,
  order: Int32Array,
  name: string,
): ByteQuantizer {
  const steps = fusedSteps(params);
  const places = order.length;
  const spread = (values: ArrayLike<number>) =>
    Float32Array.from(order, (column) => column < 0 ? 0 : values[parameterOf(column, params)]);
  const [scale, shift, low, high] = [steps.scale, steps.shift, steps.low, steps.high].map(spread);
  const zero = spread(params.zeroPoint.map((code) => code - params.codeMin));
  return (x, out) => {
    requireLayout(x.length, { channels: columns, inner: 1 }, name);
    requireFinite(x, name);
    for (let row = 0, start = 0; row < x.length; row += columns, start += places) {
      for (let p = 0; p < places; p++) {
        const column = order[p];
        out[start + p] = column < 0
          ? 0
          : stepsFromZero(x[row + column] / scale[p], shift[p], low[p], high[p]) + zero[p];
      }
    }
  };
}
