import { pauses, require } from "../core/mod.ts";
import { type AffineMatrix, affineMatrix, decodeMatrix, floatMatrix } from "../format/mod.ts";
import {
  type Architecture,
  type Block,
  blockOf,
  type LayerModuleName,
  type LayerWeights,
  linearGroups,
  type LinearName,
  runAttention,
  runMlp,
  type SiteName,
} from "../model/mod.ts";
import {
  requireFiniteGrid,
  roundScale,
  type ScaleDtype,
  weightCode,
  type WeightGrid,
  weightGrouping,
} from "../quant/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { Method } from "./method.ts";
import type { BlockContext, Pass } from "./pass.ts";
import type { Seen, SeenValues } from "./seen.ts";

// Operations on weights are in float32, each of them, as in the reference code: a group that is clipped
// on either side lies on a tie, which the last bit decides.

/** The grids of AWQ's weights. */
export interface AwqSettings {
  /** 2..8. */
  bits: number;
  /** Columns of a row that share a scale and a zero point; the last group may be shorter. */
  groupSize: number;
  /** What scales are rounded to before codes are chosen; F32 unless given. */
  scaleDtype?: ScaleDtype;
}

/** Ratios are tried in steps of 1/20 from 0, clipped ranges in as many from 1 down to 11/20. */
const searchSteps = 20;
const clipTrials = 10;

/** How many tokens the search for clipped ranges looks at, about. */
const clipTokens = 512;

/**
 * AWQ (Lin et al. 2023) as mit-han-lab/llm-awq computes it. Columns of weights that meet large inputs are
 * scaled up before they are rounded, and what gives these inputs is scaled down; then every group of
 * weights is clipped and rounded. A block is calibrated on what the original ones before it give.
 *
 * On purpose it differs from that code:
 *
 * - Norms that follow the residual (opt-350m) are not scaled, for the next residual reads them too.
 * - Nor is what GELU gives (BLOOM), whose map `down` is clipped and rounded only; that code divides the
 *   activation in the finished model.
 * - BLOOM's queries, keys and values are judged by the attention and `up` by itself; that code runs the
 *   block on what is normed already. As in that code, where the three are one matrix, values are neither
 *   scaled for the output projection nor clipped.
 * - Calibration on fewer than 512 tokens looks at all of them, and a last group may be shorter.
 */
export const awq: Method<{ weights: AwqSettings }> = {
  passes: ({ weights }) => [awqPass(weights)],
  optional: ["scaleDtype"],
};

/**
 * In memory are what the maps of a block read and, while a scale is searched, what they lead to; of
 * tensors a block and one window.
 */
function awqPass(settings: AwqSettings): Pass {
  return {
    name: "AWQ",
    settings,
    observes: Object.fromEntries(linearGroups.map(({ reads }) => [reads, "values"])),
    carries: "original",
    leavesCodes: true,
    async rewrite(layer, seen, at) {
      const searching = 0.9; // of the work, about
      const onStep = (share: number) => at.onStep(searching * share);
      const { scaled, inputs } = await scaleBlock(layer, settings, seen, { ...at, onStep });
      const pause = pauses();
      const isBloom = at.architecture.family === "bloom";
      const whole = isBloom ? ["query", "key", "value"] : ["query", "key"];
      let rounded = scaled;
      for (const [order, [name, looked]] of [...inputs].entries()) {
        await pause();
        at.onStep(searching + (1 - searching) * order / inputs.size);
        rounded = changeMatrices(rounded, at.layer, [name], (matrix) => {
          const weight = { ...matrix, ...settings };
          if (whole.includes(name)) return quantizeAwq(weight);
          const values = clipGroups(weight, searchAwqClip(weight, looked));
          return quantizeAwq({ ...weight, values });
        });
      }
      return rounded;
    },
  };
}

/** A block whose maps are scaled and not yet rounded. */
export interface ScaledBlock {
  scaled: LayerWeights;
  /** Some of what each map reads now, `[tokens, columns]`. */
  inputs: Map<LinearName, Float32Array>;
  /** By what is divided by them. */
  scales: Map<LayerModuleName, AwqScale>;
}

/** Searches the scales of a block, all with the rest of it as it came, and folds them in. */
export async function scaleBlock(
  layer: LayerWeights,
  settings: AwqSettings,
  seen: Seen,
  at: BlockContext,
): Promise<ScaledBlock> {
  const result: ScaledBlock = { scaled: layer, inputs: new Map(), scales: new Map() };
  const groups = groupsOf(at.architecture, layer);
  for (const [order, group] of groups.entries()) {
    const { names, previous, reads } = group;
    const values = seen.values(reads);
    const magnitudes = meanMagnitudes(values, `${reads} of layer ${at.layer}`);
    let inputs = spacedTokens(values, clipTokens);
    if (previous) {
      const onStep = (share: number) => at.onStep((order + share) / groups.length);
      const lossOf = await judge(layer, group, values, { ...at, onStep });
      const weights = names.map((name) => {
        const { weight } = layer[name]!;
        const { rows, columns } = weight;
        const values = decodeMatrix(weight);
        return { ...settings, values, rows, columns, name: `${name} of layer ${at.layer}` };
      });
      const found = await searchAwqScale(magnitudes, weights, lossOf);
      result.scales.set(previous, found);
      result.scaled = foldScale(result.scaled, at.layer, previous, names, found.scale);
      inputs = divideColumns(inputs, found.scale);
    }
    for (const name of names) result.inputs.set(name, inputs);
  }
  return result;
}

/** Linear maps that read one value and share its scale. */
interface AwqGroup {
  reads: SiteName;
  names: LinearName[];
  /** What gives that value, and can be divided by a scale. */
  previous?: LayerModuleName;
  /** The part of the block whose output says how good a scale is, `[tokens, channels]`. */
  part: (block: Block, input: tf.Tensor2D) => tf.Tensor2D;
}

function groupsOf(architecture: Architecture, { value, output }: LayerWeights): AwqGroup[] {
  const { family, normPlacement, normAffine, gated, activation } = architecture;
  const isNormed = normPlacement === "before" && normAffine; // and nothing else reads the norm
  const isSquare = value!.weight.rows === output!.weight.columns; // not with grouped queries
  const passesScale = gated || activation === "relu";
  const mapOf = (name: LinearName): AwqGroup["part"] => ({ maps }, input) =>
    maps[name]!.apply(input);
  return [
    {
      reads: "attn.input",
      names: ["query", "key", "value"],
      previous: isNormed ? "inputNorm" : undefined,
      part: (block, input) => runAttention(architecture, block, input),
    },
    {
      reads: "attn.output",
      names: ["output"],
      previous: isSquare && family !== "bloom" ? "value" : undefined,
      part: mapOf("output"),
    },
    {
      reads: "mlp.input",
      names: gated ? ["gate", "up"] : ["up"],
      previous: isNormed ? "mlpNorm" : undefined,
      part: gated ? (block, input) => runMlp(architecture, block, input) : mapOf("up"),
    },
    {
      reads: "mlp.hidden",
      names: ["down"],
      previous: passesScale ? "up" : undefined,
      part: mapOf("down"),
    },
  ];
}

/**
 * What it costs to compute the maps of a group with other weights: the mean squared error of what its part
 * of the block gives for all windows.
 */
async function judge(
  layer: LayerWeights,
  { names, part }: AwqGroup,
  { channels, windows }: SeenValues,
  { layer: index, onStep }: BlockContext,
): Promise<(weights: Float32Array[]) => Promise<number>> {
  const runs = (searchSteps + 1) * windows.length;
  const pause = pauses();
  let done = 0;
  async function* outputs(changed: LayerWeights) {
    using block = blockOf(changed, index);
    for (const window of windows) {
      await pause();
      onStep(done++ / runs);
      yield tidy(() => {
        const input = tf.tensor2d(window, [window.length / channels, channels]);
        return tensorData(part(block, input)).slice();
      });
    }
  }
  const expected = await Array.fromAsync(outputs(layer));
  const size = expected.reduce((sum, output) => sum + output.length, 0);
  return async (weights) => {
    const changed = changeMatrices(
      layer,
      index,
      names,
      ({ order, rows, columns }) => floatMatrix("F32", weights[order], rows, columns),
    );
    let error = 0;
    let window = 0;
    for await (const output of outputs(changed)) {
      const right = expected[window++];
      for (let i = 0; i < output.length; i++) error += (output[i] - right[i]) ** 2;
    }
    return error / size;
  };
}

/** Divides what `previous` gives by a scale and multiplies the columns of the maps that read it. */
function foldScale(
  layer: LayerWeights,
  index: number,
  previous: LayerModuleName,
  names: readonly LinearName[],
  scale: Float32Array,
): LayerWeights {
  const { weight: { rows, columns }, ...module } = layer[previous]!;
  const weight = divideOutputs(decodeMatrix(layer[previous]!.weight), scale);
  const divided = {
    weight: floatMatrix("F32", weight, rows, columns),
    bias: module.bias && divideOutputs(module.bias, scale),
  };
  return changeMatrices(
    { ...layer, [previous]: divided },
    index,
    names,
    ({ values, rows, columns }) =>
      floatMatrix("F32", multiplyColumns(values, scale), rows, columns),
  );
}

/** The mean |x| of every channel. */
function meanMagnitudes({ channels, windows }: SeenValues, name: string): Float32Array {
  const sums = new Float64Array(channels);
  let tokens = 0;
  for (const window of windows) {
    for (let i = 0; i < window.length; i++) sums[i % channels] += Math.abs(window[i]);
    tokens += window.length / channels;
  }
  const strange = sums.find((sum) => !Number.isFinite(sum));
  require(strange === undefined, "calibrate", `${name} must be finite`, strange);
  return Float32Array.from(sums, (sum) => sum / tokens);
}

/** About so many tokens of all windows, evenly spaced; all where there are fewer, `[tokens, channels]`. */
export function spacedTokens({ channels, windows }: SeenValues, count: number): Float32Array {
  const tokens = windows.flatMap((window) =>
    Array.from(
      { length: window.length / channels },
      (_, token) => window.subarray(token * channels, (token + 1) * channels),
    )
  );
  const stride = Math.max(Math.floor(tokens.length / count), 1);
  const spaced = tokens.filter((_, token) => token % stride === 0);
  const values = new Float32Array(spaced.length * channels);
  spaced.forEach((token, place) => values.set(token, place * channels));
  return values;
}

/** The weight of a linear map, and how it is to be rounded. */
export interface AwqWeight extends AwqSettings {
  /** `[rows, columns]`, i.e. `[out, in]`. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** What errors call it. */
  name: string;
}

/**
 * Rounds every weight to the nearest point of its group's grid, which lies between the group's extremes.
 * Unlike that of `rtn` it is not extended to contain 0, yet its zero point is a code: a group of weights
 * that all have one sign and are far from 0 saturates.
 *
 * @throws {InputError} If the shape does not match, a weight is not finite, a group's range is wider than
 *   float32 reaches, the bits are not 2..8 or the group size is not a positive integer.
 */
export function quantizeAwq(weight: AwqWeight): AffineMatrix {
  const { values, rows, columns, bits, scaleDtype, name } = weight;
  const { groupSize, groups } = groupingOf(weight);
  const codes = new Uint8Array(values.length);
  const scale = new Float32Array(rows * groups);
  const zeroPoint = new Uint8Array(scale.length);
  forEachGroup(weight, (group, start, index) => {
    const grid = gridOf(group, bits, scaleDtype, name);
    scale[index] = grid.scale;
    zeroPoint[index] = grid.zeroPoint;
    for (let i = 0; i < group.length; i++) {
      codes[start + i] = weightCode(group[i], grid, 2 ** bits - 1);
    }
  });
  const groupIndex = Int32Array.from({ length: columns }, (_, i) => Math.floor(i / groupSize));
  return affineMatrix({ rows, columns, bits, codes, scale, zeroPoint, groupIndex, name });
}

function gridOf(
  group: Float32Array,
  bits: number,
  scaleDtype: ScaleDtype | undefined,
  name: string,
): WeightGrid {
  const codeMax = 2 ** bits - 1;
  let min = Infinity;
  let max = -Infinity;
  for (const weight of group) {
    if (weight < min) min = weight;
    if (weight > max) max = weight;
  }
  const width = Math.max(Math.fround(max - min), Math.fround(1e-5));
  const scale = roundScale(width / codeMax, scaleDtype);
  requireFiniteGrid(scale, codeMax, [min, max], name, scaleDtype);
  return { scale, zeroPoint: weightCode(-min, { scale, zeroPoint: 0 }, codeMax) };
}

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
  for (let trial = 0; trial < searchSteps; trial++) {
    const ratio = trial / searchSteps;
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

/**
 * Searches how far the groups of a weight are best clipped: to the first of ten shares of their largest
 * |weight| that gives the least squared error of the group's part of the output.
 *
 * @param inputs `[tokens, columns]`
 * @returns The largest |weight| that stays, `[rows, groups]`.
 * @throws {InputError} As {@linkcode quantizeAwq}.
 */
export function searchAwqClip(weight: AwqWeight, inputs: Float32Array): Float32Array {
  const { rows, columns } = weight;
  const { groupSize, groups } = groupingOf(weight);
  const grams = Array.from({ length: groups }, (_, group) => {
    const first = group * groupSize;
    return gramOf(inputs, columns, first, Math.min(first + groupSize, columns));
  });
  const largest = new Float32Array(rows * groups);
  forEachGroup(weight, (group, _start, index) => {
    largest[index] = group.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  });
  const best = new Float32Array(largest.length);
  const least = new Float64Array(largest.length).fill(Infinity);
  for (let trial = 0; trial < clipTrials; trial++) {
    const limits = largest.map((each) => each * Math.fround(1 - trial / searchSteps));
    const clipped = clipGroups(weight, limits);
    const rounded = decodeMatrix(quantizeAwq({ ...weight, values: clipped }));
    forEachGroup(weight, (group, start, index) => {
      const error = Float64Array.from(group, (each, i) => rounded[start + i] - each);
      const squared = quadraticForm(grams[index % groups], error);
      if (squared < least[index]) {
        least[index] = squared;
        best[index] = limits[index];
      }
    });
  }
  return best;
}

/** The values of a weight with every group clipped to its limit, `[rows, groups]`. */
export function clipGroups(weight: AwqWeight, limits: Float32Array): Float32Array {
  const result = new Float32Array(weight.values.length);
  forEachGroup(weight, (group, start, index) => {
    const limit = limits[index];
    result.set(group.map((each) => Math.min(Math.max(each, -limit), limit)), start);
  });
  return result;
}

/** The sum of x x^T over all tokens, columns first..end of the inputs, in float64; its lower triangle. */
function gramOf(inputs: Float32Array, columns: number, first: number, end: number): Float64Array {
  const size = end - first;
  const gram = new Float64Array(size * size);
  for (let token = 0; token < inputs.length; token += columns) {
    const x = inputs.subarray(token + first, token + end);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) gram[i * size + j] += x[i] * x[j];
    }
  }
  return gram;
}

/** `v^T G v` of a symmetric matrix, whose lower triangle is read. */
function quadraticForm(matrix: Float64Array, vector: Float64Array): number {
  const size = vector.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    let part = 0;
    for (let j = 0; j < i; j++) part += matrix[i * size + j] * vector[j];
    sum += vector[i] * (2 * part + matrix[i * size + i] * vector[i]);
  }
  return sum;
}

/** Column c times `scale[c]`. */
export function multiplyColumns(values: Float32Array, scale: Float32Array): Float32Array {
  return values.map((each, i) => each * scale[i % scale.length]);
}

/** Column c divided by `scale[c]`. */
export function divideColumns(values: Float32Array, scale: Float32Array): Float32Array {
  return values.map((each, i) => each / scale[i % scale.length]);
}

/** What gives output r divided by `scale[r]`: the rows of a map, its bias, or the gain or bias of a norm. */
export function divideOutputs(values: Float32Array, scale: Float32Array): Float32Array {
  const columns = values.length / scale.length;
  return values.map((each, i) => each / scale[Math.floor(i / columns)]);
}

function groupingOf({ values, rows, columns, bits, groupSize, scaleDtype, name }: AwqWeight) {
  const format = { bits, groupSize, symmetric: false, scaleDtype };
  return weightGrouping(values, rows, columns, format, name);
}

/** Groups in order, where they start and how many came before them. */
function forEachGroup(
  { values, rows, columns, groupSize }: AwqWeight,
  visit: (group: Float32Array, start: number, index: number) => void,
): void {
  let index = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += groupSize) {
      const start = row * columns + column;
      const end = row * columns + Math.min(column + groupSize, columns);
      visit(values.subarray(start, end), start, index++);
    }
  }
}
