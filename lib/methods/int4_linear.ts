import { type AffineMatrix, commonStep, gridSteps, type UniformGrid } from "../format/mod.ts";
import { packLanes } from "../int4/mod.ts";
import { int4Linear, type LaneTensors, type PackedMap, tf } from "../tensor/mod.ts";

/** Whether weights and inputs have four bits, which the lane-packed multiplier takes. */
export function hasFourBits(weight: AffineMatrix, params: UniformGrid): boolean {
  return params.bits === 4 && weight.bits <= 4;
}

/**
 * A weight in the panels of the lane-packed multiplier, a byte per weight, for inputs of a grid.
 *
 * @param weight `[out, in]`, of `gptq` or `rtn`; free its `memory` when done.
 * @param name What errors call the input.
 * @throws {InputError} If the channels of the input have no common step and zero point.
 */
export function int4Weight(weight: AffineMatrix, params: UniformGrid, name: string): LaneTensors {
  const packed = packLanes(weight, commonStep(params, weight.columns, name));
  return { ...packed, memory: tf.tensor1d(new Float32Array(packed.memory)) };
}

/**
 * Applies maps of 4-bit weights that read the same 4-bit value, which is quantized once.
 *
 * @param params The quantizer of the value; the weights were packed for it.
 * @returns Takes `[rows, in]` to `[rows, out]` of each map.
 */
export function applyInt4Together(
  maps: PackedMap<LaneTensors>[],
  params: UniformGrid,
  name: string,
): (value: tf.Tensor2D) => tf.Tensor2D[] {
  const steps = gridSteps(params);
  return (value) => int4Linear(value, steps, maps, name);
}
