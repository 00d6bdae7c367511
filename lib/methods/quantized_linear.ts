import { commonStep, fusedSteps, parameterOf, type UniformParams } from "../quant/mod.ts";
import {
  type ActivationCodes,
  integerLinear,
  type IntegerMap,
  type IntegerWeight,
  packWeight,
  sameOrder,
  type tf,
  type WeightCodes,
} from "../tensor/mod.ts";

/** A linear map whose weight is integers, in memory too, and whose products are. */
export interface QuantizedLinear {
  /** The weight as it is held: about half a byte per 4-bit weight, one per wider one. */
  weight: IntegerWeight;
  /** `[out]` */
  bias?: tf.Tensor1D;
  /**
   * Quantizes `[rows, in]` as `fakeQuantizeUniform` does and multiplies in integers: `[rows, out]`,
   * equal to the products of the dequantized operands but for the float32 rounding of one scaling and
   * addition per group of columns.
   *
   * @throws {InputError} If the value is not finite or has other columns.
   */
  apply(value: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Joins a quantized weight with the quantizer of its input.
 *
 * @param weight `[out, in]`, of `gptq` or `rtn`; free its `memory` when done.
 * @param params The input's: one range, or TRIP's powers of two.
 * @param bias `[out]`; stays the caller's.
 * @param name What errors call the input.
 * @throws {InputError} If the channels of the input have no common step and zero point.
 */
export function quantizedLinear(
  weight: WeightCodes,
  params: UniformParams,
  bias?: tf.Tensor1D,
  name = "tensor",
): QuantizedLinear {
  const map = { weight: packWeight(weight, commonStep(params, weight.columns, name)), bias };
  const together = applyTogether([map], params, name);
  return { ...map, apply: (value) => together(value)[0] };
}

/**
 * Applies maps that read the same value, which is then quantized once: TRIP and GPTQ put the columns
 * of such weights into the same order. Where they differ, each quantizes it for itself.
 *
 * @param params The quantizer of the value; the weights were packed for it.
 * @returns Takes `[rows, in]` to `[rows, out]` of each map.
 */
export function applyTogether(
  maps: IntegerMap[],
  params: UniformParams,
  name: string,
): (value: tf.Tensor2D) => tf.Tensor2D[] {
  const [{ weight: first }] = maps;
  const codes = activationCodes(params, first.columns, name);
  return maps.every(({ weight }) => sameOrder(weight, first))
    ? (value) => integerLinear(value, codes, maps, name)
    : (value) => maps.flatMap((map) => integerLinear(value, codes, [map], name));
}

/** How a value becomes the codes that a linear map in integers reads. */
export function activationCodes(
  params: UniformParams,
  columns: number,
  name: string,
): ActivationCodes {
  const { zeroPoint } = commonStep(params, columns, name);
  const { scale, shift, low, high } = fusedSteps(params);
  return {
    scale: Float32Array.from(
      { length: columns },
      (_, column) => scale[parameterOf(column, params)],
    ),
    ...{ shift: shift[0], low: low[0], high: high[0], zeroPoint },
  };
}
