import { refuse } from "../core/mod.ts";

/** The zero point of signed INT4 in offset binary: -8..7 is stored as 0..15. */
export const SIGNED_ZERO_POINT = 8;

/** Refuses what is not an unsigned 4-bit integer. */
export function requireInt4(code: number, action: string, name: string): void {
  if (!(Number.isInteger(code) && code >= 0 && code <= 15)) {
    refuse(action, `${name} must be an integer in 0..15`, code);
  }
}

/**
 * Signed INT4 as offset binary, `value + 8`: codes for the multiplier, which knows unsigned operands
 * alone. Their zero point is {@linkcode SIGNED_ZERO_POINT}.
 *
 * @param values Integers in -8..7.
 * @throws {InputError} If a value is out of range.
 */
export function toOffsetBinary(values: Int8Array): Uint8Array {
  return Uint8Array.from(values, (value, index) => {
    if (value < -8 || value > 7) {
      refuse("write offset binary", `element ${index} must be an integer in -8..7`, value);
    }
    return value + SIGNED_ZERO_POINT;
  });
}

/**
 * The inverse of {@linkcode toOffsetBinary}.
 *
 * @param codes Integers in 0..15.
 * @throws {InputError} If a code is out of range.
 */
export function fromOffsetBinary(codes: Uint8Array): Int8Array {
  return Int8Array.from(codes, (code, index) => {
    requireInt4(code, "read offset binary", `element ${index}`);
    return code - SIGNED_ZERO_POINT;
  });
}
