import { require } from "../core/mod.ts";

/**
 * What L-Mul adds in the place of the product of two mantissas: 2^-l, l being as many as their bits up to three,
 * 3 for four bits and 4 beyond (Luo and Sun 2024, eq. 1).
 *
 * @param mantissaBits 1..22.
 * @throws {InputError} If there are no such bits.
 */
export function lMulOffset(mantissaBits: number): number {
  const fits = Number.isInteger(mantissaBits) && mantissaBits >= 1 && mantissaBits <= 22;
  require(fits, "multiply by L-Mul", "mantissas must have 1..22 bits", mantissaBits);
  return 2 ** -(mantissaBits <= 3 ? mantissaBits : mantissaBits === 4 ? 3 : 4);
}

/**
 * L-Mul of two normal float32 numbers: of `(1 + x_m) 2^x_e` and `(1 + y_m) 2^y_e` it is
 * `(1 + x_m + y_m + 2^-l) 2^(x_e + y_e)`, where multiplication has `x_m y_m`; 0 where either is. In float64, exact.
 *
 * @param mantissaBits Of both numbers; they are not rounded.
 */
export function lMul(x: number, y: number, mantissaBits: number): number {
  const [powerOfX, powerOfY] = powersOf(Float32Array.of(x, y));
  if (powerOfX === 0 || powerOfY === 0) return 0;
  const sum = x / powerOfX + y / powerOfY - 1 + lMulOffset(mantissaBits);
  return sum * powerOfX * powerOfY;
}

/** The numbers with the mantissa 0: signed powers of two, towards zero; 0 for those below float32's normal ones. */
export function powersOf(x: Float32Array): Float32Array {
  const powers = new Float32Array(x.length);
  const from = new Int32Array(x.buffer, x.byteOffset, x.length);
  const to = new Int32Array(powers.buffer);
  for (let i = 0; i < to.length; i++) to[i] = from[i] & 0xff800000;
  return powers;
}

/**
 * The numbers with so many bits of mantissa, ties to even; with 7 they are BF16's.
 *
 * @param x Finite.
 * @param mantissaBits 1..22.
 */
export function roundMantissas(x: Float32Array, mantissaBits: number): Float32Array {
  const rounded = new Float32Array(x.length);
  const from = new Int32Array(x.buffer, x.byteOffset, x.length);
  const to = new Int32Array(rounded.buffer);
  const shift = 23 - mantissaBits;
  const [below, mask] = [2 ** (shift - 1) - 1, -(2 ** shift)];
  for (let i = 0; i < to.length; i++) to[i] = from[i] + below + (from[i] >>> shift & 1) & mask;
  return rounded;
}
