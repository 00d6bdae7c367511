import { require } from "../core/mod.ts";
import type { NumberType } from "./number_type.ts";

/**
 * Integers from -(2^(bits-1)-1) to 2^(bits-1)-1, as symmetric quantizers take them; the least code has no use.
 *
 * @param bits 2..8.
 * @throws {InputError} If there are no such bits.
 */
export function integerType(bits: number): NumberType {
  const fits = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(fits, "make an integer format", "bits must be an integer in 2..8", bits);
  const offset = 2 ** (bits - 1);
  const max = offset - 1;
  const magic = 1.5 * 2 ** 52; // leaves a float64 no bits for a fraction: rounds half to even
  return {
    ...{ name: `INT${bits}`, bits, max },
    values: Float32Array.from({ length: 2 ** bits }, (_, code) => code - offset),
    encode: (value) => {
      const near = (value + magic) - magic;
      return Math.min(Math.max(near, -max), max) + offset;
    },
  };
}
