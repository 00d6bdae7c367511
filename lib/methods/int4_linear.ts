import { packLanes } from "../int4/mod.ts";
import { commonStep, type UniformParams } from "../quant/mod.ts";
import { int4Linear, type Int4Map, type Int4Weight, tf, type WeightCodes } from "../tensor/mod.ts";
import { activationCodes } from "./quantized_linear.ts";

/** Whether weights and inputs have four bits, which the lane-packed multiplier takes. */
export function hasFourBits(weight: WeightCodes, params: UniformParams): boolean {
  const fits = (codes: Uint8Array) => codes.every((code) => code < 16);
  return params.bits === 4 && fits(weight.codes) && fits(weight.zeroPoint);
}

/**
 * A weight in the panels of the lane-packed multiplier, a byte per weight, for inputs of a grid.
 *
 * @param weight `[out, in]`, of `gptq` or `rtn`; free its `memory` when done.
 * @param name What errors call the input.
 * @throws {InputError} If the channels of the input have no common step and zero point.
 */
export function int4Weight(weight: WeightCodes, params: UniformParams, name: string): Int4Weight {
  const { panels, ...packed } = packLanes(weight, commonStep(params, weight.columns, name));
  return { ...packed, memory: tf.tensor1d(new Float32Array(panels)) };
}

/**
 * Applies maps of 4-bit weights that read the same 4-bit value, which is quantized once.
 *
 * @param params The quantizer of the value; the weights were packed for it.
 * @returns Takes `[rows, in]` to `[rows, out]` of each map.
 */
export function applyInt4Together(
  maps: Int4Map[],
  params: UniformParams,
  name: string,
): (value: tf.Tensor2D) => tf.Tensor2D[] {
  const codes = activationCodes(params, maps[0].weight.columns, name);
  return (value) => int4Linear(value, codes, maps, name);
}
