import { require } from "../core/mod.ts";
import { decodeMatrix } from "../format/mod.ts";
import {
  type Architecture,
  type Block,
  type LayerModuleName,
  type LayerWeights,
  type LinearName,
  runAttention,
  runMlp,
  type SiteName,
} from "../model/mod.ts";
import type { tf } from "../tensor/mod.ts";
import { lossOfMap, lossOfPart } from "./awq_loss.ts";
import { type AwqScale, searchAwqScale } from "./awq_scale.ts";
import type { AwqSettings } from "./awq_weight.ts";
import { divideColumns, foldScale } from "./fold_scale.ts";
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
    const { names, previous, reads, part } = group;
    const values = seen.values(reads);
    const magnitudes = meanMagnitudes(values, `${reads} of layer ${at.layer}`);
    let inputs = spacedTokens(values, clipTokens);
    if (previous) {
      const onStep = (share: number) => at.onStep((order + share) / groups.length);
      const weights = names.map((name) => {
        const { weight } = layer[name]!;
        const { rows, columns } = weight;
        const values = decodeMatrix(weight);
        return { ...settings, values, rows, columns, name: `${name} of layer ${at.layer}` };
      });
      const lossOf = part
        ? await lossOfPart(layer, names, part, values, { layer: at.layer, onStep })
        : await lossOfMap(weights[0], values, { onStep });
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
  /** The part of the block whose output says how good a scale is, `[tokens, channels]`; the map alone without. */
  part?: (block: Block, input: tf.Tensor2D) => tf.Tensor2D;
}

function groupsOf(architecture: Architecture, { value, output }: LayerWeights): AwqGroup[] {
  const { family, normPlacement, normAffine, gated, activation } = architecture;
  const isNormed = normPlacement === "before" && normAffine; // and nothing else reads the norm
  const isSquare = value!.weight.rows === output!.weight.columns; // not with grouped queries
  const passesScale = gated || activation === "relu";
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
    },
    {
      reads: "mlp.input",
      names: gated ? ["gate", "up"] : ["up"],
      previous: isNormed ? "mlpNorm" : undefined,
      part: gated ? (block, input) => runMlp(architecture, block, input) : undefined,
    },
    {
      reads: "mlp.hidden",
      names: ["down"],
      previous: passesScale ? "up" : undefined,
    },
  ];
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
