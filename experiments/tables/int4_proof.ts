import { exactVerdict } from "../../lib/core/mod.ts";
import { dotInt4, multiplyPair, packPair, packWeights } from "../../lib/int4/mod.ts";
import type { Table } from "../../lib/report/mod.ts";
import { findingNotes } from "../result/finding.ts";

/**
 * Compares the lane-packed multiplier with plain integer arithmetic on every input that there is: all
 * 16^3 triples of two weights and an activation, and all pairs of signed codes with every zero point.
 */
export function proveMultiplier(): Table {
  const codes = Array.from({ length: 16 }, (_, code) => code);
  let [triples, wrongTriples, sums, wrongSums] = [0, 0, 0, 0];
  for (const first of codes) {
    for (const second of codes) {
      for (const activation of codes) {
        const products = multiplyPair(packPair(first, second), activation);
        triples++;
        if (products >> 8 !== first * activation || (products & 255) !== second * activation) {
          wrongTriples++;
        }
      }
    }
  }
  for (const zeroPoint of codes) {
    for (const activationZeroPoint of codes) {
      for (const activation of codes) {
        const activations = Uint8Array.of(activation);
        const weights = packWeights(Uint8Array.from(codes), { rows: 1, columns: 16, zeroPoint });
        codes.forEach((weight) => {
          const found = dotInt4(activations, weights, weight >> 1, { activationZeroPoint });
          const exact = (activation - activationZeroPoint) * (weight - zeroPoint);
          sums++;
          if (found[weight % 2] !== exact) wrongSums++;
        });
      }
    }
  }
  return {
    title: "The multiplier against plain integer arithmetic",
    columns: ["inputs", "compared", "different"],
    rows: [
      ["two weights and an activation, all codes", triples, wrongTriples],
      ["weight, activation and both zero points, all codes", sums, wrongSums],
    ],
    notes: findingNotes([{
      claim: "the packed multiplier is exact",
      verdict: exactVerdict(wrongTriples + wrongSums === 0),
      evidence: `${wrongTriples + wrongSums} of ${triples + sums} differ`,
    }]),
  };
}
