import { require } from "../core/mod.ts";
import { listedType, type NumberType } from "../format/mod.ts";
import type { TypedOptions } from "../quant/mod.ts";
import { typedWeightsPass } from "./float_formats.ts";
import type { Method } from "./method.ts";

/** The settings of bipolar integers. */
export interface BipolarSettings extends TypedOptions {
  /** 2..8. */
  bits: number;
}

/**
 * Weights as bipolar integers (Ma et al. 2024): the digits of a code are -1 and 1 instead of 0 and 1, so that
 * products of single bits, which an exclusive or makes, add up to products without a correction for signs.
 */
export const bipolarMethod: Method<{ weights: BipolarSettings }> = {
  passes: ({ weights }) => [typedWeightsPass(bipolarType(weights.bits), weights)],
  optional: { weights: ["exponents", "scaleDtype"] },
  allocates: { weights: [2, 3, 4, 5, 6, 8] },
};

/**
 * Bipolar integers of so many digits: digit i is worth 2^i or -2^i. They are the odd numbers from -(2^bits-1) to
 * 2^bits-1, and 0 is none of them: it becomes -1.
 *
 * @param bits 2..8.
 * @throws {InputError} If there are no such bits.
 */
export function bipolarType(bits: number): NumberType {
  const fits = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(fits, "make a format of bipolar integers", "bits must be an integer in 2..8", bits);
  const count = 2 ** bits;
  const values = Array.from({ length: count }, (_, code) => 2 * code + 1 - count);
  return listedType(`bipolar INT${bits}`, values);
}
