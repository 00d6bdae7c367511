import { require } from "../core/mod.ts";
import { type AffineMatrix, commonStep, type UniformGrid } from "../format/mod.ts";
import { packLanes } from "../int4/mod.ts";
import { int4Linear, type LaneTensors, tf } from "../tensor/mod.ts";
import { codeMap, type CodeProduct } from "./code_map.ts";
import type { LinearMap } from "./linear_map.ts";

/** Weights of any order of columns go together: where it differs, the value is laid out anew. */
const lanes: CodeProduct<LaneTensors> = {
  multiply: int4Linear,
  goTogether: () => true,
  tableBytes: ({ order, table }) => order.byteLength + table.byteLength,
};

/**
 * A linear map of 4-bit weights and inputs on the lane-packed multiplier of fig. 5; a byte per weight.
 *
 * @param weight `[out, in]`, of at most four bits.
 * @param grid The input's, of at most four bits: one range, or TRIP's powers of two.
 * @param bias `[out]`
 * @param name What errors call the input.
 * @throws {InputError} If either has more bits, the channels of the input have no common step and zero
 *   point, or a zero point of the weight is no code.
 */
export function laneMap(
  weight: AffineMatrix,
  grid: UniformGrid,
  bias?: Float32Array,
  name = "tensor",
): LinearMap {
  const action = `multiply ${name} in lanes`;
  require(grid.bits <= 4, action, "its grid must have at most 4 bits", grid.bits);
  const { memory, ...layout } = packLanes(weight, commonStep(grid, weight.columns, name));
  const pack = () => ({ ...layout, memory: tf.tensor1d(new Float32Array(memory)) });
  return codeMap(lanes, pack, grid, bias, name);
}
