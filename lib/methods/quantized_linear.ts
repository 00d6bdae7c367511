import { require } from "../core/mod.ts";
import { byteQuantizer, commonStep, type UniformParams } from "../quant/mod.ts";
import {
  integerLinear,
  type IntegerWeight,
  packWeight,
  tensorData,
  type tf,
  type WeightCodes,
} from "../tensor/mod.ts";

/** A linear map whose weight is integers, in memory too, and whose products are. */
export interface QuantizedLinear {
  /** The weight as it is held: about half a byte per 4-bit weight, one per wider one. */
  weight: IntegerWeight;
  /**
   * Quantizes `[rows, in]` as {@linkcode fakeQuantizeUniform} does and multiplies in integers:
   * `[rows, out]`, equal to the products of the dequantized operands but for the float32 rounding of
   * one scaling and addition per group of columns.
   *
   * @throws {InputError} If the value is not finite or has other columns.
   */
  apply(value: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Joins a quantized weight with the quantizer of its input.
 *
 * @param weight `[out, in]`, of `gptq` or `rtn`.
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
  const { columns } = weight;
  const packed = packWeight(weight, commonStep(params, columns, name));
  const quantize = byteQuantizer(params, columns, packed.order, name);
  return {
    weight: packed,
    apply(value) {
      const [rows, width] = value.shape;
      require(width === columns, `multiply ${name}`, `it must be [rows, ${columns}]`, value.shape);
      const values = tensorData(value);
      return integerLinear(packed, rows, (first, count, out) => {
        quantize(values.subarray(first * columns, (first + count) * columns), out);
      }, bias);
    },
  };
}
