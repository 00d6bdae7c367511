import type { Profile, UniformGrid } from "../format/mod.ts";
import { requireBits, requireFiniteGrid, SCALE_FLOOR } from "./checks.ts";
import type { Range } from "./range.ts";
import { roundHalfEven } from "./rounding.ts";

/** What kind of integer a tensor is quantized to. */
export interface UniformFormat {
  /** 2..8. */
  bits: number;
  profile?: Profile;
  /** Codes from -2^(bits-1) instead of from 0. */
  signed?: boolean;
  /** What errors call the tensor. */
  name?: string;
}

/** The lowest and the highest code of an integer format. */
export type CodeBounds = Pick<UniformGrid, "codeMin" | "codeMax">;

/** The bounds of `bits`-bit codes: -2^(bits-1)..2^(bits-1)-1 or 0..2^bits-1. */
export function codeBounds(bits: number, signed: boolean): CodeBounds {
  const codeMin = signed ? -(2 ** (bits - 1)) : 0;
  return { codeMin, codeMax: codeMin + 2 ** bits - 1 };
}

/**
 * The grid for a range, in float32 arithmetic.
 *
 * - Profile `paper` (eq. 2): affine, `scale = (max - min) / (2^bits - 1)`, the zero point being the
 *   code of 0. The range is first extended to contain 0, so that 0 is represented exactly.
 * - Profile `released`: unsigned formats are affine over the range as observed; signed formats
 *   are symmetric, `scale = max(-min, max) / ((2^bits - 1) / 2)` with zero point 0.
 *
 * @throws {InputError} If `bits` is not an integer in 2..8 or the range is wider than float32 reaches.
 */
export function uniformGrid(
  range: Range,
  { bits, profile = "paper", signed = false, name = "tensor" }: UniformFormat,
): UniformGrid {
  requireBits(bits, name);
  const bounds = codeBounds(bits, signed);
  const scale = new Float32Array(range.min.length);
  const zeroPoint = new Int32Array(scale.length);
  for (let channel = 0; channel < scale.length; channel++) {
    const grid = profile === "released" && signed
      ? symmetricGrid(range.min[channel], range.max[channel], bounds, name)
      : affineGrid(range.min[channel], range.max[channel], bounds, profile, name);
    scale[channel] = grid.scale;
    zeroPoint[channel] = grid.zeroPoint;
  }
  return { bits, profile, ...bounds, scale, zeroPoint, inner: range.inner };
}

/** Scale and zero point of one channel. */
export interface ChannelGrid {
  scale: number;
  zeroPoint: number;
}

/**
 * The grid whose codes spread over min..max, which profile `paper` extends to contain 0.
 *
 * @throws {InputError} If max - min is no float32.
 */
export function affineGrid(
  min: number,
  max: number,
  { codeMin, codeMax }: CodeBounds,
  profile: Profile,
  name: string,
): ChannelGrid {
  if (profile === "paper") {
    min = Math.min(min, 0);
    max = Math.max(max, 0);
  }
  const scale = flooredScale(Math.fround(max - min), codeMax - codeMin);
  requireFiniteGrid(scale, codeMax - codeMin, [min, max], name);
  const zeroPoint = codeMin - roundHalfEven(Math.fround(min / scale));
  return { scale, zeroPoint: Math.min(Math.max(zeroPoint, codeMin), codeMax) };
}

function symmetricGrid(
  min: number,
  max: number,
  { codeMin, codeMax }: CodeBounds,
  name: string,
): ChannelGrid {
  const scale = flooredScale(Math.max(-min, max), (codeMax - codeMin) / 2);
  requireFiniteGrid(scale, -codeMin, [min, max], name);
  return { scale, zeroPoint: 0 };
}

function flooredScale(extent: number, levels: number): number {
  return Math.max(Math.fround(extent / levels), SCALE_FLOOR);
}
