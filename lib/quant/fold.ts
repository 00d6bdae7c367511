import { requireFinite, requireLayout } from "./checks.ts";
import type { TripParams } from "./trip.ts";

/**
 * Moves TRIP's channel factors into the weights (fig. 6): column c times `2^alpha[c]`.
 *
 * `Y = finestScale * (Xq - zeroPoint) . fold(W)^T` then has one scale and one zero point, which any
 * integer matrix product supports. The fold is exact: powers of two only touch the exponent of a
 * float and only shift an integer.
 *
 * @param weight `[out, in]` with as many columns as the activation has channels.
 * @throws {InputError} If the weight is no whole number of rows, or a product is no float32.
 */
export function foldTrip(weight: Float32Array, { alpha }: TripParams): Float32Array {
  requireLayout(weight.length, { channels: alpha.length, inner: 1 }, "weight");
  const folded = weight.map((value, i) => value * 2 ** alpha[i % alpha.length]);
  requireFinite(folded, "the folded weight");
  return folded;
}
