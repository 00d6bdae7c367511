import { type AffineMatrix, commonStep, gridSteps, type UniformGrid } from "../format/mod.ts";
import {
  integerLinear,
  type IntegerWeight,
  type PackedMap,
  packWeight,
  sameOrder,
  type tf,
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
  weight: AffineMatrix,
  params: UniformGrid,
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
  maps: PackedMap<IntegerWeight>[],
  params: UniformGrid,
  name: string,
): (value: tf.Tensor2D) => tf.Tensor2D[] {
  const [{ weight: first }] = maps;
  const steps = gridSteps(params);
  return maps.every(({ weight }) => sameOrder(weight, first))
    ? (value) => integerLinear(value, steps, maps, name)
    : (value) => maps.flatMap((map) => integerLinear(value, steps, [map], name));
}
