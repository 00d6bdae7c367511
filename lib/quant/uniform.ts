import type { UniformGrid } from "../format/mod.ts";
import { requireFinite, requireLayout } from "./checks.ts";
import { type ObserveOptions, observeRange } from "./range.ts";
import { roundHalfEven } from "./rounding.ts";
import { type UniformFormat, uniformGrid } from "./uniform_grid.ts";

/** How a tensor is quantized when its own range decides the scale. */
export type UniformOptions = UniformFormat & ObserveOptions;

/** Codes and what is needed to read them. */
export interface UniformQuantized {
  /** In codeMin..codeMax, in the order of the input. */
  codes: Int32Array;
  params: UniformGrid;
}

/**
 * Uniform quantization (eq. 2), step by step: the definition that {@linkcode fakeQuantizeUniform}
 * fuses and that every fast path is compared with.
 *
 * `clip(round(x / scale) + zeroPoint)` in profile `paper`, `clip(round(x / scale + zeroPoint))` in
 * profile `released`, in float32, rounding half to even.
 *
 * @param x `[..., channels, inner]`.
 * @param how Options for dynamic calibration, or the grid of a static one.
 * @throws {InputError} If `x` is not finite, does not fit the layout or has a range wider than float32
 *   reaches, or the bits are not 2..8.
 */
export function quantizeUniform(
  x: Float32Array,
  how: UniformOptions | UniformGrid,
  name = "tensor",
): UniformQuantized {
  const params = "scale" in how
    ? how
    : uniformGrid(observeRange(x, { name, ...how }), { name, ...how });
  const { scale, zeroPoint, codeMin, codeMax, inner } = params;
  requireLayout(x.length, { channels: scale.length, inner }, name);
  requireFinite(x, name);
  const codes = new Int32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const channel = Math.floor(i / inner) % scale.length;
    const ratio = Math.fround(x[i] / scale[channel]);
    const code = params.profile === "paper"
      ? roundHalfEven(ratio) + zeroPoint[channel]
      : roundHalfEven(Math.fround(ratio + zeroPoint[channel]));
    codes[i] = Math.min(Math.max(code, codeMin), codeMax);
  }
  return { codes, params };
}

/** `(code - zeroPoint) * scale` in float32, in the order of `codes`. */
export function dequantizeUniform(
  codes: Int32Array | Int8Array,
  { scale, zeroPoint, inner }: Pick<UniformGrid, "scale" | "zeroPoint" | "inner">,
): Float32Array {
  const x = new Float32Array(codes.length);
  for (let start = 0, channel = 0; start < codes.length; start += inner) {
    const [step, zero] = [scale[channel], zeroPoint[channel]];
    for (let i = start; i < start + inner; i++) x[i] = (codes[i] - zero) * step;
    if (++channel === scale.length) channel = 0;
  }
  return x;
}
