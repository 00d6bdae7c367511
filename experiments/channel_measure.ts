import { siteValues } from "../lib/inspect/mod.ts";
import type { ForwardOptions, SiteName } from "../lib/model/mod.ts";
import { channelExtremes, channelPersistence } from "../lib/quant/mod.ts";
import type { FigureSubject } from "./figure_subject.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";

/** How channels are looked at. */
export interface ChannelSettings {
  site: SiteName;
  /** Tokens of the heat map: the first of the first test window. */
  drawnTokens: number;
  /** What the outliers are compared under. */
  pruning: PruningPlan;
  /** A channel is outlying in a token where |x| exceeds this many typical maxima. */
  outlying: number;
}

/** The channels of one layer. */
export interface LayerChannels {
  layer: number;
  /** The largest maximum of a channel over the median one, of all tokens and of those left. */
  spread: number;
  spreadPruned: number;
  /** Channels that exceed the threshold in at least one token, and in at least half of them. */
  outliers: number;
  persistent: number;
}

/** The channels of the layer of the largest spread: figure 1 d. */
export interface ChannelMap {
  layer: number;
  /** |x| there, `[tokens][channels]`. */
  magnitudes: number[][];
  /** The largest |x| of each channel over the whole window, and over the tokens left. */
  maxima: number[];
  maximaPruned: number[];
}

/** Measures how far channels differ over the first test window, before and after pruning. */
export function measureChannels(
  subject: FigureSubject,
  settings: ChannelSettings,
): LayerChannels[] {
  const { dense, pruned } = extremes(subject, settings);
  return dense.map(({ values, channels, typical, spread }, layer) => {
    const shares = channelPersistence(values, channels, settings.outlying * typical);
    return {
      layer,
      spread,
      spreadPruned: pruned[layer].spread,
      outliers: shares.filter((share) => share > 0).length,
      persistent: shares.filter((share) => share >= 0.5).length,
    };
  });
}

/** Takes the channels of the layer of the largest spread. */
export function takeChannelMap(subject: FigureSubject, settings: ChannelSettings): ChannelMap {
  const { dense, pruned } = extremes(subject, settings);
  const spreads = dense.map(({ spread }) => spread);
  const layer = spreads.indexOf(Math.max(...spreads));
  const { values, channels, maxima } = dense[layer];
  const tokens = Math.min(settings.drawnTokens, values.length / channels);
  return {
    layer,
    magnitudes: Array.from(
      { length: tokens },
      (_, token) => rounded(values.subarray(token * channels, (token + 1) * channels)),
    ),
    maxima: rounded(maxima),
    maximaPruned: rounded(pruned[layer].maxima),
  };
}

/** What the channels of every layer reach, with all tokens and with those that pruning leaves. */
function extremes(
  { model, testWindows: [window] }: FigureSubject,
  { site, pruning }: ChannelSettings,
) {
  const run = (options: ForwardOptions) =>
    siteValues(model, window, site, options).map(({ values, shape: [, channels] }) => ({
      values,
      channels,
      ...channelExtremes(values, channels),
    }));
  return { dense: run({}), pruned: run({ pruning: pruningFor(model, pruning) }) };
}

/** Magnitudes to what a picture shows. */
function rounded(values: Float32Array): number[] {
  return Array.from(values, (value) => Number(Math.abs(value).toPrecision(4)));
}
