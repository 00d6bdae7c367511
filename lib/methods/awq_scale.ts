import { require } from "../core/mod.ts";
import { decodeMatrix } from "../format/mod.ts";
import { type AwqWeight, quantizeAwq } from "./awq_weight.ts";
import { divideColumns, multiplyColumns } from "./fold_scale.ts";

/** Ratios are tried in steps of 1/20 from 0. */
export const ratioTrials = 20;

/** What a search for channel scales found. */
export interface AwqScale {
  /** What the channels of the input are divided by and the columns of weights multiplied, `[columns]`. */
  scale: Float32Array;
  /** How much of the inputs' magnitude the scale takes over, 0 to 19/20. */
  ratio: number;
  /** The loss of every ratio, 0/20, 1/20, ... */
  losses: number[];
}

/**
 * Searches the channel scales of linear maps that read one value: `magnitude^ratio`, from 1e-4 up,
 * divided by the geometric mean of its extremes, with the first ratio whose loss is least.
 *
 * @param magnitudes The mean |x| of every channel of that value, `[columns]`.
 * @param weights Of those maps; all have as many columns.
 * @param lossOf What it costs to compute with these weights instead, in the same order.
 * @throws {InputError} As {@linkcode quantizeAwq}, or if no loss is a number.
 */
export async function searchAwqScale(
  magnitudes: Float32Array,
  weights: readonly AwqWeight[],
  lossOf: (weights: Float32Array[]) => Promise<number>,
): Promise<AwqScale> {
  const losses: number[] = [];
  let best: Omit<AwqScale, "losses"> | undefined;
  let least = Infinity;
  for (let trial = 0; trial < ratioTrials; trial++) {
    const ratio = trial / ratioTrials;
    const scale = scaleOf(magnitudes, ratio);
    const rounded = weights.map((weight) => {
      const values = multiplyColumns(weight.values, scale);
      return divideColumns(decodeMatrix(quantizeAwq({ ...weight, values })), scale);
    });
    const loss = await lossOf(rounded);
    losses.push(loss);
    if (loss < least) {
      least = loss;
      best = { scale, ratio };
    }
  }
  const names = weights.map(({ name }) => name).join(" and ");
  const rule = "the loss of some ratio must be a number";
  require(best !== undefined, `scale ${names}`, rule, losses[0]);
  return { ...best, losses };
}

function scaleOf(magnitudes: Float32Array, ratio: number): Float32Array {
  const scale = magnitudes.map((magnitude) => Math.max(magnitude ** ratio, Math.fround(1e-4)));
  const extremes = scale.reduce((most, each) => Math.max(most, each)) *
    scale.reduce((least, each) => Math.min(least, each));
  const middle = Math.fround(Math.sqrt(Math.fround(extremes)));
  return scale.map((each) => each / middle);
}
