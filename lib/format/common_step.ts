import { minimum, require } from "../core/mod.ts";
import type { UniformGrid } from "./uniform_grid.ts";

/** What an integer product needs of an activation: one step and one code of zero for all channels. */
export interface CommonStep {
  /** The finest step of all channels. */
  step: number;
  /** The code of zero less the lowest code, 0..255. */
  zeroPoint: number;
  /** `[channels]`: channel c's step is `step * 2^shift[c]`. */
  shift: Uint8Array;
}

/**
 * Reads a uniform grid as one step and a power of two per channel (fig. 6): those of TRIP, and
 * those of one range per tensor, whose shifts are 0.
 *
 * @param channels Length of the last axis of what is quantized.
 * @param name What errors call the tensor.
 * @throws {InputError} If the zero points differ or a step is not the finest times 2^0..2^8.
 */
export function commonStep(grid: UniformGrid, channels: number, name: string): CommonStep {
  const { scale, zeroPoint, codeMin } = grid;
  const action = `multiply ${name} in integers`;
  const step = minimum(scale);
  const powers = Array.from(scale, (each) => Math.log2(each / step));
  const strange = powers.findIndex((power) => !Number.isInteger(power) || power > 8);
  const stepRule = "its steps must be one step times powers of two, as those of TRIP are";
  require(strange < 0, action, stepRule, scale[strange] / step);
  const zeroRule = "its channels must share a zero point";
  require(zeroPoint.every((code) => code === zeroPoint[0]), action, zeroRule, zeroPoint);
  const shift = Uint8Array.from(
    { length: channels },
    (_, channel) => powers[parameterOf(channel, grid)],
  );
  return { step, zeroPoint: zeroPoint[0] - codeMin, shift };
}

/** The finest step of a grid, should all be that times powers of two: what all its values are multiples of. */
export function finestStep({ scale }: UniformGrid): number | undefined {
  const step = minimum(scale);
  return scale.every((each) => Number.isInteger(Math.log2(each / step))) ? step : undefined;
}

/** The index into `scale` of an element of the last axis. */
export function parameterOf(element: number, { scale, inner }: UniformGrid): number {
  return Math.floor(element / inner) % scale.length;
}
