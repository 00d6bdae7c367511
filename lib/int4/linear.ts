import type { AffineMatrix, CommonStep } from "../format/mod.ts";
import { planLayer, scaleOf, zeroPointOf } from "./layer.ts";
import { countRows, matmulInt4 } from "./matmul.ts";
import { packWeights } from "./packed_weights.ts";

/**
 * A linear layer on the multiplier of fig. 5, for weights in groups and activations with TRIP's powers
 * of two: products of each group and power by {@linkcode matmulInt4}, the powers applied as shifts of
 * its sums (fig. 6), all exact; only the sums of whole groups become floats, which are scaled and added
 * up in float32, group by group.
 *
 * @param activations `[m, columns]`, each 0..15.
 * @returns `[m, rows]`.
 * @throws {InputError} If an argument is out of range or the shapes do not fit.
 */
export function linearInt4(
  activations: Uint8Array,
  weight: AffineMatrix,
  input: CommonStep,
): Float32Array {
  const { rows, columns } = weight;
  const m = countRows(activations, columns);
  const product = new Float32Array(m * rows);
  const layer = planLayer(weight, input);
  const codes = weight.readCodes();
  for (const { group, runs } of layer.blocks) {
    const zeroPoint = Uint8Array.from({ length: rows }, (_, row) => zeroPointOf(layer, row, group));
    const sums = new Int32Array(m * rows);
    for (const run of runs) {
      const depth = run.columns.length;
      const weights = run.columns.flatMap((column) =>
        Array.from({ length: rows }, (_, row) => codes[row * columns + column])
      );
      const packed = packWeights(Uint8Array.from(weights), {
        rows: depth,
        columns: rows,
        zeroPoint,
      });
      const part = Uint8Array.from(
        { length: m * depth },
        (_, i) => activations[Math.floor(i / depth) * columns + run.columns[i % depth]],
      );
      matmulInt4(part, packed, { activationZeroPoint: input.zeroPoint })
        .forEach((sum, i) => sums[i] += sum << run.shift);
    }
    sums.forEach((sum, i) => {
      product[i] += Math.fround(scaleOf(layer, i % rows, group) * Math.fround(sum));
    });
  }
  return product;
}
