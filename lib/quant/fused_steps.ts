import { roundHalfEven } from "./rounding.ts";
import type { UniformParams } from "./uniform_params.ts";

/**
 * What a fused quantizer needs of each channel to compute
 * `(round(clip(x / scale + shift)) - shift) * scale`.
 *
 * Profile `released` adds the zero point before rounding: shift = zeroPoint. Profile `paper` needs it
 * only for the clipping bounds: shift = 0.
 */
export interface FusedSteps {
  scale: Float32Array;
  shift: Float32Array;
  /** The lowest code less the zero point plus `shift`. */
  low: Float32Array;
  /** The highest code less the zero point plus `shift`. */
  high: Float32Array;
}

/** The fused form of a uniform quantizer's parameters. */
export function fusedSteps(
  { profile, scale, zeroPoint, codeMin, codeMax }: UniformParams,
): FusedSteps {
  const shift = Float32Array.from(zeroPoint, (code) => profile === "released" ? code : 0);
  const low = shift.map((value, channel) => codeMin - zeroPoint[channel] + value);
  const high = low.map((value) => value + codeMax - codeMin);
  return { scale, shift, low, high };
}

/**
 * How many steps of a uniform grid lie between zero and the code nearest to a value: the heart of
 * every fused quantizer.
 *
 * `round(clip(ratio + shift)) - shift`, in float32 up to the rounding. Clipping to integer bounds before
 * rounding gives what clipping afterwards does. `|t - low| - |t - high| + low + high` is twice the
 * clipped t: no branch, hence no misprediction where much is clipped.
 *
 * @param ratio value / scale.
 * @param shift As `low` and `high`: one channel of {@linkcode FusedSteps}.
 */
export function stepsFromZero(ratio: number, shift: number, low: number, high: number): number {
  const limit = 0x40000000; // far outside every code, and the arithmetic below is exact up to it
  if (Math.abs(ratio) > limit) ratio = ratio > 0 ? limit : -limit;
  const shifted = Math.fround(Math.fround(ratio) + shift);
  const clipped = (Math.abs(shifted - low) - Math.abs(shifted - high) + low + high) / 2;
  return roundHalfEven(clipped) - shift;
}
