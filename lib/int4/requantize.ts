import { require } from "../core/mod.ts";
import { requireInt4 } from "./codes.ts";

/** A positive scale as hardware multiplies by it: `multiplier / 2^shift`. */
export interface FixedPointScale {
  /** 2^30..2^31-1: a positive signed 32-bit integer with all its 31 bits in use. */
  multiplier: number;
  /** 0..62. */
  shift: number;
}

const highestMultiplier = 2 ** 31 - 1;
const highestShift = 62;

/**
 * The nearest 31-bit multiplier and shift of a scale, usually (activation scale * weight scale) /
 * output scale: the form in which integer inference engines carry it (Jacob et al. 2018, section
 * 2.2). Its relative error is at most 2^-31.
 *
 * @param scale 2^-32 to below 2^30.
 * @throws {InputError} If the scale is out of range.
 */
export function fixedPointScale(scale: number): FixedPointScale {
  require(
    scale >= 2 ** -32 && scale < 2 ** 30,
    "write a scale in fixed point",
    "scale must be 2^-32 to below 2^30",
    scale,
  );
  let shift = 0;
  while (scale * 2 ** shift < 2 ** 30) shift++;
  // 22 bits more make an integer of all 53 bits of a float64.
  const multiplier = shiftHalfEven(BigInt(scale * 2 ** (shift + 22)), 22);
  return multiplier > highestMultiplier
    ? { multiplier: multiplier / 2, shift: shift - 1 }
    : { multiplier, shift };
}

/**
 * Sums of products as INT4 codes of the next layer, in integers alone:
 * `clip(round(sum * multiplier / 2^shift) + zeroPoint, 0, 15)`, a 64-bit product rounded once, half
 * to even. (Common engines round halves up or away from zero; here every rounding is half to even.)
 *
 * @param sums Signed 32-bit.
 * @param zeroPoint The code of zero, 0..15; with 8 the codes are offset binary.
 * @throws {InputError} If the zero point or the scale is out of range.
 */
export function requantizeInt4(
  sums: Int32Array,
  { multiplier, shift }: FixedPointScale,
  zeroPoint: number,
): Uint8Array {
  const action = "requantize to INT4";
  require(
    Number.isInteger(multiplier) && multiplier >= 1 && multiplier <= highestMultiplier,
    action,
    `multiplier must be an integer in 1..${highestMultiplier}`,
    multiplier,
  );
  require(
    Number.isInteger(shift) && shift >= 0 && shift <= highestShift,
    action,
    `shift must be an integer in 0..${highestShift}`,
    shift,
  );
  requireInt4(zeroPoint, action, "zeroPoint");
  return Uint8Array.from(sums, (sum) => {
    const rounded = shiftHalfEven(BigInt(sum) * BigInt(multiplier), shift);
    return Math.min(Math.max(rounded + zeroPoint, 0), 15);
  });
}

/** `value / 2^shift` rounded to the nearest integer, ties to even. */
function shiftHalfEven(value: bigint, shift: number): number {
  const floor = value >> BigInt(shift);
  const twiceRest = (value - (floor << BigInt(shift))) * 2n;
  const one = 1n << BigInt(shift);
  const up = twiceRest > one || (twiceRest === one && (floor & 1n) === 1n);
  return Number(up ? floor + 1n : floor);
}
