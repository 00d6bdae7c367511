import { roundHalfEven } from "./rounding.ts";

/**
 * How many steps of a uniform grid lie between zero and the code nearest to a value: the heart of
 * every fused quantizer.
 *
 * `round(clip(ratio + shift)) - shift`, in float32 up to the rounding. Clipping to integer bounds before
 * rounding gives what clipping afterwards does. `|t - low| - |t - high| + low + high` is twice the
 * clipped t: no branch, hence no misprediction where much is clipped.
 *
 * @param ratio value / scale.
 * @param shift As `low` and `high`: one channel of {@linkcode GridSteps}.
 */
export function stepsFromZero(ratio: number, shift: number, low: number, high: number): number {
  const limit = 0x40000000; // far outside every code, and the arithmetic below is exact up to it
  if (Math.abs(ratio) > limit) ratio = ratio > 0 ? limit : -limit;
  const shifted = Math.fround(Math.fround(ratio) + shift);
  const clipped = (Math.abs(shifted - low) - Math.abs(shifted - high) + low + high) / 2;
  return roundHalfEven(clipped) - shift;
}
