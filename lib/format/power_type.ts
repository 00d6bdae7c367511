import { require } from "../core/mod.ts";
import type { NumberType } from "./number_type.ts";

/** Parts of 0..1 whose least codes are looked up where a magnitude is encoded. */
const parts = 1024;

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
  const limits = Float32Array.from({ length: most }, (_, i) => leastWith(i + 1, most, exponent));
  const least = Uint8Array.from(
    { length: parts + 1 },
    (_, part) => limits.findLastIndex((limit) => limit <= part / parts) + 1,
  );
  return {
    ...{ name: `INT${bits} of powers ${exponent}`, bits, max: 1, byteLength: 1 },
    values: Float32Array.from({ length: 2 ** bits }, (_, code) => {
      const size = Math.abs(code - offset);
      return Math.sign(code - offset) * (size / most) ** (1 / exponent);
    }),
    encode(value) {
      const size = Math.abs(value);
      let code = least[Math.min(Math.floor(parts * size), parts)];
      while (code < most && size >= limits[code]) code++;
      return value < 0 ? offset - code : offset + code;
    },
  };
}

/** The least positive float32 whose power, in so many parts, rounds to `code` or more. */
function leastWith(code: number, most: number, exponent: number): number {
  const value = new Float32Array(1);
  const pattern = new Uint32Array(value.buffer);
  let [low, high] = [0, 0x3f800000]; // 0 and 1
  while (high - low > 1) {
    pattern[0] = Math.floor((low + high) / 2);
    if (roundHalfEven(most * value[0] ** exponent) >= code) high = pattern[0];
    else low = pattern[0];
  }
  pattern[0] = high;
  return value[0];
}

function roundHalfEven(value: number): number {
  const magic = 1.5 * 2 ** 52;
  return (value + magic) - magic;
}
