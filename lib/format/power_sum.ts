/** Exponents that a byte holds beside the sign; smaller powers are left out. */
const [leastExponent, greatestExponent] = [-63, 63];

/** The greatest number that sums of powers of two come near to. */
export const greatestPowerSum = 2 ** greatestExponent;

/**
 * A number as powers of two, a byte each: the nearest power, by ratio, of the number, of what that leaves, and so
 * on. The highest bit of a byte says that its power is subtracted, the others are its exponent, plus 64; a byte of 0
 * is none.
 *
 * @param value Of at most {@linkcode greatestPowerSum}, either sign.
 * @param into As many bytes as there may be powers; overwritten.
 */
export function encodePowers(value: number, into: Uint8Array): void {
  let rest = value;
  into.fill(0);
  for (let i = 0; i < into.length && rest !== 0; i++) {
    const exponent = Math.min(Math.round(Math.log2(Math.abs(rest))), greatestExponent);
    if (exponent < leastExponent) return;
    into[i] = exponent + 64 | (rest < 0 ? 0x80 : 0);
    rest -= powerOf(into[i]);
  }
}

/** The sum of powers of two. */
export function decodePowers(powers: Uint8Array): number {
  return powers.reduce((sum, power) => sum + powerOf(power), 0);
}

function powerOf(power: number): number {
  if (power === 0) return 0;
  return (power & 0x80 ? -1 : 1) * 2 ** ((power & 0x7f) - 64);
}
