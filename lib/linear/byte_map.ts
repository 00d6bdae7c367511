import {
  type AffineMatrix,
  commonStep,
  type GridSteps,
  gridSteps,
  type UniformGrid,
} from "../format/mod.ts";
import { integerLinear, type IntegerWeight, packWeight, sameOrder, tf } from "../tensor/mod.ts";
import { follow, type LinearMap, type MapOptions } from "./linear_map.ts";

/**
 * A linear map of integers: its input becomes 8-bit codes as `fakeQuantizeUniform` says, which are
 * multiplied by the weight's codes. It is equal to the products of the dequantized operands but for the
 * float32 rounding of one scaling and addition per group of columns.
 *
 * In memory are about half a byte per 4-bit weight and one per wider one.
 *
 * @param weight `[out, in]`
 * @param grid The input's: one range, or TRIP's powers of two.
 * @param bias `[out]`
 * @param name What errors call the input.
 * @throws {InputError} If the channels of the input have no common step and zero point, or a zero point
 *   of the weight is no code.
 */
export function byteMap(
  weight: AffineMatrix,
  grid: UniformGrid,
  bias?: Float32Array,
  name = "tensor",
): LinearMap {
  const packed = packWeight(weight, commonStep(grid, weight.columns, name));
  tf.keep(packed.memory);
  return new ByteMap(packed, bias && tf.keep(tf.tensor1d(bias)), grid, gridSteps(grid), name);
}

class ByteMap implements LinearMap {
  constructor(
    readonly weight: IntegerWeight,
    readonly bias: tf.Tensor1D | undefined,
    readonly grid: UniformGrid,
    readonly steps: GridSteps,
    readonly name: string,
  ) {}

  get byteLength(): number {
    return 4 * (this.weight.memory.size + (this.bias?.size ?? 0)) + this.weight.tables.byteLength;
  }

  apply(value: tf.Tensor2D, options?: MapOptions): tf.Tensor2D {
    return this.applyWith([], value, options)![0];
  }

  /** Quantizes the value once: TRIP and GPTQ put the columns of such weights into the same order. */
  applyWith(
    others: readonly LinearMap[],
    value: tf.Tensor2D,
    options?: MapOptions,
  ): tf.Tensor2D[] | undefined {
    const isLike = (other: LinearMap): other is ByteMap =>
      other instanceof ByteMap && other.grid === this.grid && sameOrder(other.weight, this.weight);
    if (!others.every(isLike)) return undefined;
    return integerLinear(value, this.steps, [this, ...others], this.name)
      .map((output) => follow(output, options));
  }

  [Symbol.dispose](): void {
    this.weight.memory.dispose();
    this.bias?.dispose();
  }
}
