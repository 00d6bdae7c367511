import { pauses, require } from "../core/mod.ts";
import { decodeMatrix, floatMatrix } from "../format/mod.ts";
import {
  type Architecture,
  type Block,
  blockOf,
  type LayerModuleName,
  type LayerWeights,
  type LinearName,
  runAttention,
  runMlp,
  type SiteName,
} from "../model/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import { type AwqScale, ratioTrials, searchAwqScale } from "./awq_scale.ts";
import type { AwqSettings } from "./awq_weight.ts";
import { divideColumns, foldScale } from "./fold_scale.ts";
import { changeMatrices } from "./linear_weights.ts";
import type { BlockContext } from "./pass.ts";
import type { Seen, SeenValues } from "./seen.ts";

/** How many tokens the search for clipped ranges looks at, about. */
const clipTokens = 512;

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
  const runs = (ratioTrials + 1) * windows.length;
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
