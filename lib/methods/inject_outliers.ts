import { require, seededRandom } from "../core/mod.ts";
import { linearGroups, type Model } from "../model/mod.ts";
import { foldScale, normOf, requireFoldableNorms } from "./fold_scale.ts";
import type { Pass } from "./pass.ts";
import { rewritingSource } from "./rewriting_source.ts";

/** Which channels become outliers, and of what size. */
export interface OutlierOptions {
  /** The same behind every norm: which, or how many and the seed of their draw. */
  channels: readonly number[] | { count: number; seed: number };
  /** How many times as large they become, in 1..65536; powers of two change no bit of an output. */
  factor: number;
}

/**
 * The same function with outlier channels: in every block the gains, and biases, of both norms are multiplied
 * by `factor` at some channels, and the columns of the maps that read these divided by it. Only what quantizes
 * values or weights in between notices.
 *
 * Large models have such channels by themselves, small ones hardly. Blocks are changed as they are read;
 * what is changed is stored as float32.
 *
 * @throws {InputError} If norms have no gains or stand where the stream reads them as well, the factor is out
 *   of range, or a channel does not exist, is named twice or is one of more than there are.
 */
export function injectOutliers(model: Model, { channels, factor }: OutlierOptions): Model {
  const { name, architecture, source } = model;
  const { hiddenSize } = architecture;
  const action = `inject outliers into ${name}`;
  requireFoldableNorms(architecture, action);
  const isInRange = factor >= 1 && factor <= 65536;
  require(isInRange, action, "factor must lie in 1..65536", factor);
  const chosen = chooseChannels(channels, hiddenSize, action);
  const scale = new Float32Array(hiddenSize).fill(1);
  for (const channel of chosen) scale[channel] = 1 / factor;
  const pass: Pass = {
    name: "outliers",
    settings: { channels: chosen, factor },
    rewrite: (layer, _seen, { layer: index }) =>
      linearGroups.reduce((changed, { reads, names }) => {
        const norm = normOf[reads];
        return norm ? foldScale(changed, index, norm, names, scale) : changed;
      }, layer),
  };
  return { ...model, source: rewritingSource(source, [pass], architecture) };
}

/** The channels that are named, or those that are drawn, ascending. */
function chooseChannels(
  channels: OutlierOptions["channels"],
  hiddenSize: number,
  action: string,
): readonly number[] {
  if (!("seed" in channels)) {
    const isChannel = (each: number) => Number.isInteger(each) && each >= 0 && each < hiddenSize;
    const stray = channels.find((each) => !isChannel(each));
    require(stray === undefined, action, `channels must be in 0..${hiddenSize - 1}`, stray);
    const twice = channels.find((each, index) => channels.indexOf(each) !== index);
    require(twice === undefined, action, "no channel may be named twice", twice);
    return channels;
  }
  const { count, seed } = channels;
  const isCount = Number.isInteger(count) && count >= 0 && count <= hiddenSize;
  require(isCount, action, `the count of channels must be in 0..${hiddenSize}`, count);
  const { integer } = seededRandom(seed);
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(integer(0, hiddenSize - 1));
  return [...drawn].toSorted((one, other) => one - other);
}
