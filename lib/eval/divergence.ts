import { require } from "../core/mod.ts";

/**
 * Compares two sets of next-token distributions.
 *
 * @param reference Logits `[rows, vocabulary]`.
 * @param other Logits of the same shape.
 * @returns Per row, KL(softmax(reference) || softmax(other)) in nats and whether the most likely
 *   token is the same (the lowest index where several are equally likely).
 * @throws {InputError} If the shapes do not fit.
 */
export function compareDistributions(
  reference: Float32Array,
  other: Float32Array,
  rows: number,
): { divergence: Float32Array; agreement: Uint8Array } {
  const vocabulary = reference.length / rows;
  require(
    other.length === reference.length && Number.isInteger(vocabulary) && vocabulary > 0,
    "compare distributions",
    `both must be ${rows} rows of logits of equal length`,
    [reference.length, other.length],
  );
  const divergence = new Float32Array(rows);
  const agreement = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = row * vocabulary;
    const to = from + vocabulary;
    const best = argmax(reference, from, to);
    const otherBest = argmax(other, from, to);
    const peak = reference[best];
    const otherPeak = other[otherBest];
    let total = 0;
    let otherTotal = 0;
    let weighted = 0;
    for (let i = from; i < to; i++) {
      const shifted = reference[i] - peak;
      const otherShifted = other[i] - otherPeak;
      const weight = Math.exp(shifted);
      total += weight;
      otherTotal += Math.exp(otherShifted);
      weighted += weight * (shifted - otherShifted);
    }
    const kl = weighted / total - Math.log(total) + Math.log(otherTotal);
    divergence[row] = Math.max(0, kl); // rounding can leave a tiny negative value
    agreement[row] = best === otherBest ? 1 : 0;
  }
  return { divergence, agreement };
}

function argmax(values: Float32Array, from: number, to: number): number {
  let best = from;
  for (let i = from + 1; i < to; i++) if (values[i] > values[best]) best = i;
  return best;
}
