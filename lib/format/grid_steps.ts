import type { UniformGrid } from "./uniform_grid.ts";

/**
 * A {@linkcode UniformGrid} as fused quantizers read it:
 * `(round(clip(x / scale + shift, low, high)) - shift) * scale`, each `[channels]`; all but `scale`
 * are integers.
 *
 * Profile `released` adds the zero point before rounding: shift = zeroPoint. Profile `paper` needs it
 * only for the clipping bounds: shift = 0.
 */
export interface GridSteps {
  scale: Float32Array;
  shift: Float32Array;
  /** The lowest code less the zero point plus `shift`. */
  low: Float32Array;
  /** The highest code less the zero point plus `shift`. */
  high: Float32Array;
}

/** The steps of a uniform grid. */
export function gridSteps(
  { profile, scale, zeroPoint, codeMin, codeMax }: UniformGrid,
): GridSteps {
  const shift = Float32Array.from(zeroPoint, (code) => profile === "released" ? code : 0);
  const low = shift.map((value, channel) => codeMin - zeroPoint[channel] + value);
  const high = low.map((value) => value + codeMax - codeMin);
  return { scale, shift, low, high };
}
