import { letSignalsIn } from "../../lib/core/mod.ts";
import type { RunHooks } from "../../lib/eval/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import type { ForwardOptions, SiteName } from "../../lib/model/mod.ts";
import {
  decibels,
  dequantizeUniform,
  fakeQuantizeUniform,
  foldTrip,
  noisePower,
  observeRange,
  quantizeUniform,
  searchTrip,
  uniformGrid,
} from "../../lib/quant/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import type { FigureSubject } from "./figure_subject.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";

/** How TRIP is looked at. */
export interface TripSettings {
  site: SiteName;
  bits: number;
  /** The largest powers of two that are tried. */
  largestPowers: number[];
  /** The one whose alphas are drawn. */
  drawnPower: number;
  pruning: PruningPlan;
}

/** TRIP on the activations of one layer over one window. */
export interface LayerTrip {
  layer: number;
  /** Signal-to-noise ratio by largest power, dB, of all tokens and of those that pruning leaves. */
  ratios: number[];
  ratiosPruned: number[];
  /** With a step of its own for every channel: what no choice of alpha can beat by much. */
  perChannel: number;
  /** The power of each channel at the drawn largest power, of all tokens and of those left. */
  alpha: number[];
  alphaPruned: number[];
}

/** Whether moving TRIP's factors from the activation into the weight (fig. 6) changes a result. */
export interface FoldCheck {
  /** Outputs compared: tokens x rows of the query weight of layer 0. */
  outputs: number;
  /** How many are equal bit for bit. */
  equal: number;
}

export interface MeasuredTrip {
  layers: LayerTrip[];
  fold: FoldCheck;
}

/** Measures TRIP on the first test window. */
export async function measureTrip(
  { model, testWindows: [window] }: FigureSubject,
  settings: TripSettings,
  { progress, signal }: RunHooks,
): Promise<MeasuredTrip> {
  const take = (options: ForwardOptions) =>
    siteValues(model, window, settings.site, { ...options, signal });
  const dense = await take({});
  const pruned = await take({ pruning: pruningFor(model, settings.pruning) });
  progress?.start(`TRIP on ${model.name}`, dense.length);
  const layers: LayerTrip[] = [];
  for (const [layer, { values, shape: [, channels] }] of dense.entries()) {
    await letSignalsIn();
    signal?.throwIfAborted();
    const all = searches(values, channels, settings);
    const left = searches(pruned[layer].values, channels, settings);
    layers.push({
      layer,
      ratios: all.ratios,
      ratiosPruned: left.ratios,
      perChannel: channelwise(values, channels, settings.bits),
      alpha: all.alpha,
      alphaPruned: left.alpha,
    });
    progress?.update(layer + 1);
  }
  progress?.finish();
  const { values, shape: [, channels] } = dense[0];
  const { query } = await model.source.layer(0);
  const weight = decodeMatrix(query!.weight);
  return { layers, fold: checkFold(values, weight, channels, settings) };
}

/** The cells of figure 6. */
export const tripCells: CellKind<TripSettings, MeasuredTrip> = {
  experiment: "figure6",
  measure: measureTrip,
};

function searches(
  x: Float32Array,
  channels: number,
  { bits, largestPowers, drawnPower }: TripSettings,
) {
  const ratios = largestPowers.map((K) => {
    const params = searchTrip(x, { channels, bits, K });
    return decibels(noisePower(x, fakeQuantizeUniform(x, params)));
  });
  const { alpha } = searchTrip(x, { channels, bits, K: drawnPower });
  return { ratios, alpha: Array.from(alpha) };
}

function channelwise(x: Float32Array, channels: number, bits: number): number {
  const params = uniformGrid(observeRange(x, { channels, granularity: "channel" }), { bits });
  return decibels(noisePower(x, fakeQuantizeUniform(x, params)));
}

/** Both sides of figure 6 in float32, summed in the same order. */
function checkFold(
  x: Float32Array,
  weight: Float32Array,
  channels: number,
  { bits, drawnPower }: TripSettings,
): FoldCheck {
  const params = searchTrip(x, { channels, bits, K: drawnPower });
  const { codes } = quantizeUniform(x, params);
  const steps = { ...params, scale: params.scale.map((scale) => scale / params.finestScale) };
  const shifted = dequantizeUniform(codes, steps);
  const plain = dequantizeUniform(codes, { ...params, scale: params.scale.map(() => 1) });
  const folded = foldTrip(weight, params);
  let [outputs, equal] = [0, 0];
  for (let token = 0; token < x.length; token += channels) {
    for (let row = 0; row < weight.length; row += channels) {
      let [one, other] = [0, 0];
      for (let c = 0; c < channels; c++) {
        one = Math.fround(one + Math.fround(shifted[token + c] * weight[row + c]));
        other = Math.fround(other + Math.fround(plain[token + c] * folded[row + c]));
      }
      outputs++;
      if (one === other) equal++;
    }
  }
  return { outputs, equal };
}
