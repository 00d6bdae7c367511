import { require } from "../core/mod.ts";
import {
  type AffineMatrix,
  commonStep,
  type GridSteps,
  gridSteps,
  type UniformGrid,
} from "../format/mod.ts";
import { packLanes } from "../int4/mod.ts";
import { int4Linear, type LaneTensors, tf } from "../tensor/mod.ts";
import { follow, type LinearMap, type MapOptions } from "./linear_map.ts";

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
  const packed = { ...layout, memory: tf.keep(tf.tensor1d(new Float32Array(memory))) };
  return new LaneMap(packed, bias && tf.keep(tf.tensor1d(bias)), grid, gridSteps(grid), name);
}

class LaneMap implements LinearMap {
  constructor(
    readonly weight: LaneTensors,
    readonly bias: tf.Tensor1D | undefined,
    readonly grid: UniformGrid,
    readonly steps: GridSteps,
    readonly name: string,
  ) {}

  get byteLength(): number {
    const { memory, order, table } = this.weight;
    return 4 * (memory.size + order.length + table.length + (this.bias?.size ?? 0));
  }

  apply(value: tf.Tensor2D, options?: MapOptions): tf.Tensor2D {
    return this.applyWith([], value, options)![0];
  }

  applyWith(
    others: readonly LinearMap[],
    value: tf.Tensor2D,
    options?: MapOptions,
  ): tf.Tensor2D[] | undefined {
    const isLike = (other: LinearMap): other is LaneMap =>
      other instanceof LaneMap && other.grid === this.grid;
    if (!others.every(isLike)) return undefined;
    return int4Linear(value, this.steps, [this, ...others], this.name)
      .map((output) => follow(output, options));
  }

  [Symbol.dispose](): void {
    this.weight.memory.dispose();
    this.bias?.dispose();
  }
}
