/** Log-probabilities in float64, straight from the definition. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const peak = Math.max(...values);
  const logTotal = peak + Math.log(values.reduce((sum, value) => sum + Math.exp(value - peak), 0));
  return values.map((value) => value - logTotal);
}
