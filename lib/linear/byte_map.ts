import { type AffineMatrix, commonStep, type UniformGrid } from "../format/mod.ts";
import { integerLinear, type IntegerWeight, packWeight, sameOrder } from "../tensor/mod.ts";
import { codeMap, type CodeProduct } from "./code_map.ts";
import type { LinearMap } from "./linear_map.ts";

/** TRIP and GPTQ put the columns of weights that read the same value into the same order. */
const bytes: CodeProduct<IntegerWeight> = {
  multiply: integerLinear,
  goTogether: sameOrder,
  tableBytes: ({ tables }) => tables.byteLength,
};

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
  const step = commonStep(grid, weight.columns, name);
  return codeMap(bytes, () => packWeight(weight, step), grid, bias, name);
}
