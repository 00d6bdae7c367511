import type { PackedWeights } from "./packed_weights.ts";

/**
 * What zero points take from a sum of products of codes, by
 *
 *     sum (w - zw)(a - za) = sum w a - (zw sum a + za sum w - rows zw za)
 *
 * For signed weights (zw = 8) and unsigned activations (za = 0) that is 8 sum a.
 *
 * @param column Of the weights.
 * @param activationSum The sum of the activations' codes.
 */
export function zeroPointCorrection(
  { rows, zeroPoint, columnSums }: PackedWeights,
  column: number,
  activationSum: number,
  activationZeroPoint: number,
): number {
  const zero = zeroPoint[column];
  return zero * activationSum + activationZeroPoint * columnSums[column] -
    rows * zero * activationZeroPoint;
}
