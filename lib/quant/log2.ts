import { refuse } from "../core/mod.ts";
import { requireBits, requireFinite } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";
import type { Profile } from "../format/mod.ts";

/** How a tensor is quantized to powers of two. */
export interface Log2Options {
  /** 2..8. */
  bits: number;
  profile?: Profile;
  /** What magnitude 0 stands for in profile `paper`, above 0: the largest |x| of the input if absent. */
  maximum?: number;
  /** What errors call the tensor. */
  name?: string;
}

/** The parameters of a log2 quantizer. */
export interface Log2Params {
  bits: number;
  profile: Profile;
  /** What magnitude 0 stands for: as asked for or the largest |x|, 1 if that is 0 (paper); 1 (released). */
  maximum: number;
}

/** Codes 0..2^bits, of which 2^bits stands for exact zero, and what is needed to read them. */
export interface Log2Quantized {
  codes: Int32Array;
  params: Log2Params;
}

/**
 * Log2 quantization (eq. 3), meant for attention probabilities, step by step: the definition that
 * {@linkcode fakeQuantizeLog2} is compared with.
 *
 * - Profile `paper`: `sign(x) * clip(round(-log2(|x| / max|x|)), 0, 2^(bits-1) - 1)`. The top bit of
 *   a code is the sign, the others are the magnitude: on probabilities half of the codes go unused,
 *   4 bits give 8 levels, and whatever is smaller than the last level is raised to it. Only x = 0,
 *   whose sign is 0, becomes exact zero.
 * - Profile `released`, which is what the published code computes at the softmax site: no sign and no
 *   normalisation, `clip(round(-log2 x), 0, 2^bits - 1)`; x with `round(-log2 x) >= 2^bits` becomes
 *   exact zero. 4 bits give 16 levels.
 *
 * Either way exact zero is one state more than the bits can count (17 states for 4 bits), and
 * rows are not renormalised. Rounding meets no ties: 2^(k + 1/2) is irrational.
 *
 * @throws {InputError} If the bits are not 2..8, or a value is NaN, infinite or, in profile
 * `released`, negative.
 */
export function quantizeLog2(x: Float32Array, options: Log2Options): Log2Quantized {
  const params = log2Params(x, options);
  const { name = "tensor" } = options;
  const codes = Int32Array.from(
    x,
    (value) => encodeRatio(Math.fround(value / params.maximum), params, name),
  );
  return { codes, params };
}

/** The parameters for one tensor. */
export function log2Params(
  x: Float32Array,
  { bits, profile = "paper", maximum, name = "tensor" }: Log2Options,
): Log2Params {
  requireBits(bits, name);
  if (profile === "released") return { bits, profile, maximum: 1 };
  requireFinite(x, name);
  if (maximum !== undefined) return { bits, profile, maximum };
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]));
  return { bits, profile, maximum: largest || 1 };
}

/** The code of `ratio`, a value already divided by the maximum. */
export function encodeRatio(ratio: number, { bits, profile }: Log2Params, name: string): number {
  const states = 2 ** bits;
  if (ratio === 0) return states;
  const exponent = Math.max(roundHalfEven(-Math.log2(Math.abs(ratio))), 0);
  if (profile === "paper") {
    const signBit = states / 2;
    return Math.min(exponent, signBit - 1) + (ratio < 0 ? signBit : 0);
  }
  if (!(ratio > 0 && ratio < Infinity)) {
    refuse(`quantize ${name}`, "profile released takes finite values >= 0", ratio);
  }
  return Math.min(exponent, states);
}

/** The value of one code. */
export function decodeLog2(code: number, { bits, profile, maximum }: Log2Params): number {
  const states = 2 ** bits;
  if (code === states) return 0;
  if (profile === "released") return 2 ** -code;
  const signBit = states / 2;
  return code < signBit ? maximum * 2 ** -code : -maximum * 2 ** (signBit - code);
}

/** The values of codes in float32, in their order. */
export function dequantizeLog2(codes: Int32Array, params: Log2Params): Float32Array {
  return Float32Array.from(codes, (code) => decodeLog2(code, params));
}
