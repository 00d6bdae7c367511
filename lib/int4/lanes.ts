/**
 * The data path of the lane-packed multiplier (fig. 5), one function per step. Registers are
 * non-negative integers; each function returns what fits its register and drops what does not, as
 * the circuit does.
 *
 *     pair         16 bits   0000 w_i   0000 w_(i+1)
 *     activation    4 bits   a
 *     products     16 bits   p_i 8      p_(i+1) 8             p = w a <= 225 < 2^8: no carry
 *     lanes        32 bits   0 | p_i    0 | p_(i+1)           bytes
 *     accumulator  32 bits   sum_i 16   sum_(i+1) 16
 */
import { refuse } from "../core/mod.ts";
import { requireInt4 } from "./codes.ts";

/**
 * Additions that never overflow a lane, whatever 8-bit products they add: 256 * 255 < 2^16. (Products
 * of 4-bit codes are at most 225, so that 291 additions would still be safe.)
 */
export const SAFE_ADDITIONS = 256;

const laneMax = 0xffff;

/**
 * Two 4-bit weights in one 16-bit operand, `first * 2^8 + second`.
 *
 * @throws {InputError} If a weight is no integer in 0..15.
 */
export function packPair(first: number, second: number): number {
  requireInt4(first, "pack weights", "a weight");
  requireInt4(second, "pack weights", "a weight");
  return (first << 8) | second;
}

/**
 * Both 8-bit products of a pair and an activation by one 16-bit multiplication.
 *
 * @param pair From {@linkcode packPair}.
 * @throws {InputError} If the activation is no integer in 0..15.
 */
export function multiplyPair(pair: number, activation: number): number {
  requireInt4(activation, "multiply weights", "an activation");
  return (pair * activation) & 0xffff;
}

/** The two products in the 16-bit lanes of a 32-bit register. */
export function spreadProducts(products: number): number {
  return ((products & 0xff00) << 8) | (products & 0x00ff);
}

/**
 * One 32-bit addition, which adds both lanes. A lower lane that overflows carries into the upper
 * one; an upper lane that overflows loses its carry.
 */
export function accumulateLanes(accumulator: number, lanes: number): number {
  return (accumulator + lanes) >>> 0;
}

/**
 * As {@linkcode accumulateLanes}, but an overflow is an error.
 *
 * @param row The row that is being added, for the error's message.
 * @throws {InputError} If a lane would exceed 65535.
 */
export function accumulateLanesChecked(accumulator: number, lanes: number, row: number): number {
  const [upper, lower] = splitLanes(accumulator);
  const [upperProduct, lowerProduct] = splitLanes(lanes);
  const sums = [upper + upperProduct, lower + lowerProduct];
  if (Math.max(...sums) > laneMax) {
    refuse(`accumulate row ${row}`, `lanes must stay within ${laneMax}`, sums);
  }
  return accumulateLanes(accumulator, lanes);
}

/** The two 16-bit lanes of an accumulator, the upper one first. */
export function splitLanes(accumulator: number): [upper: number, lower: number] {
  return [accumulator >>> 16, accumulator & 0xffff];
}
