import { require } from "../core/mod.ts";
import type { NumberType } from "./number_type.ts";

/**
 * Numbers whose powers are evenly spaced (PowerQuant, NUPES): with `n = 2^(bits-1) - 1` they are
 * `sign * (k / n)^(1 / exponent)` for k in 0..n, and a number x gets the code `sign * round(n |x|^exponent)`, ties to
 * even, which is not always that of the nearest. An exponent below 1 spends codes on small numbers. The least
 * code has no use.
 *
 * @param bits 2..8.
 * @param exponent Above 0, up to 1; hundredths, of which one byte is stored.
 * @throws {InputError} If there are no such bits or hundredths.
 */
export function powerType(bits: number, exponent: number): NumberType {
  const action = "make a format of powers";
  const fits = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(fits, action, "bits must be an integer in 2..8", bits);
  const hundredths = Math.round(100 * exponent);
  const isStored = hundredths >= 1 && hundredths <= 100 && hundredths / 100 === exponent;
  require(isStored, action, "exponent must be 0.01, 0.02, .. or 1", exponent);
  const offset = 2 ** (bits - 1);
  const most = offset - 1;
  return {
    ...{ name: `INT${bits} of powers ${exponent}`, bits, max: 1, byteLength: 1 },
    values: Float32Array.from({ length: 2 ** bits }, (_, code) => {
      const size = Math.abs(code - offset);
      return Math.sign(code - offset) * (size / most) ** (1 / exponent);
    }),
    encode(value) {
      const code = roundHalfEven(most * Math.min(Math.abs(value), 1) ** exponent);
      return value < 0 ? offset - code : offset + code;
    },
  };
}

function roundHalfEven(value: number): number {
  const magic = 1.5 * 2 ** 52;
  return (value + magic) - magic;
}
