import { decodeMatrix, type LowRankMatrix, lowRankMatrix, sumMatrix } from "../format/mod.ts";
import type { LayerWeights } from "../model/mod.ts";
import { leadingTriplets, rtn } from "../quant/mod.ts";
import { changeMatrices, linearNames } from "./linear_weights.ts";
import type { BlockContext, Pass } from "./pass.ts";

/** What of the rounding's loss is given back. */
export interface LorcSettings {
  /** How many of its singular values, 1..the smaller side of the smallest linear map. */
  rank: number;
  /** Of the factors, 2..8: each of their rows has a step of its own. */
  bits: number;
}

/**
 * Passes that round weights, each followed by low-rank compensation (LoRC, ZeroQuant-V2 section 5): to what it
 * made of a linear map the best approximation of such a rank of what it lost is added. It must do nothing but
 * round: where it moves scales between maps, the difference is no loss.
 */
export function withLorc(passes: readonly Pass[], settings: LorcSettings): Pass[] {
  return passes.map((pass) => ({
    ...pass,
    name: `${pass.name} + LoRC`,
    settings: { rounding: pass.settings, lorc: settings },
    leavesCodes: false,
    async rewrite(layer, seen, at) {
      const onStep = (share: number) => at.onStep(share / 2);
      const rounded = await pass.rewrite!(layer, seen, { ...at, onStep });
      return compensate(layer, rounded, settings, at);
    },
  }));
}

function compensate(
  before: LayerWeights,
  rounded: LayerWeights,
  settings: LorcSettings,
  { layer, onStep }: BlockContext,
): LayerWeights {
  const changed = linearNames.filter((name) => before[name]?.weight !== rounded[name]?.weight);
  return changeMatrices(rounded, layer, changed, ({ weight, values, name, order, count }) => {
    onStep((1 + order / count) / 2);
    const lost = decodeMatrix(before[changed[order]]!.weight).map((each, i) => each - values[i]);
    const { rows, columns } = weight;
    return sumMatrix(weight, [lowRankApproximation(lost, rows, columns, settings, name)], name);
  });
}

/**
 * The best approximation of a matrix by one of low rank, `U S V^T`, stored as `U sqrt(S)` and `sqrt(S) V^T`.
 *
 * @param values `[rows, columns]`
 * @param name What errors call the matrix.
 * @throws {InputError} If the rank is out of range, the bits are not 2..8 or a value is not finite.
 */
export function lowRankApproximation(
  values: Float32Array,
  rows: number,
  columns: number,
  { rank, bits }: LorcSettings,
  name = "matrix",
): LowRankMatrix {
  const triplets = leadingTriplets(values, rows, columns, rank, name);
  const factor = (vectors: Float64Array[]) => {
    const scaled = vectors.flatMap((vector, r) =>
      Array.from(vector, (each) => each * Math.sqrt(triplets.values[r]))
    );
    const size = { rows: rank, columns: vectors[0].length };
    const format = { bits, groupSize: "row", symmetric: true, range: "absmax" } as const;
    return rtn(Float32Array.from(scaled), { ...size, ...format }, `factor of ${name}`);
  };
  return lowRankMatrix(factor(triplets.left), factor(triplets.right), name);
}
