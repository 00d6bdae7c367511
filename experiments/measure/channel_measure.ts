import { type Estimate, mean } from "../../lib/core/mod.ts";
import type { RunHooks } from "../../lib/eval/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import type { ForwardOptions, SiteName } from "../../lib/model/mod.ts";
import { channelExtremes, channelPersistence } from "../../lib/quant/mod.ts";
import type { FigureSubject } from "./figure_subject.ts";
import { meanEstimate, ratioOfMeans } from "./mean_estimate.ts";
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
  /** Test windows that are looked at. */
  windows: number;
}

/** The channels of one layer over some windows. */
export interface LayerChannels {
  layer: number;
  /** The largest maximum of a channel over the median one, of all tokens and of those left. */
  spread: Estimate;
  spreadPruned: Estimate;
  /** What pruning makes of it: the one over the other. */
  pruningEffect: Estimate;
  /** Channels that exceed the threshold in at least one token, and in at least half of them. */
  outliers: number;
  persistent: number;
  /** The share of the tokens in which the channel that does so most often exceeds it. */
  persistence: Estimate;
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

/** What one window says of the channels of a layer. */
interface WindowChannels {
  spread: number;
  spreadPruned: number;
  /** The share of the tokens in which each channel is outlying. */
  shares: Float32Array;
}

/** Measures how far channels differ in the first test windows, before and after pruning. */
export async function measureChannels(
  subject: FigureSubject,
  settings: ChannelSettings,
  hooks: RunHooks,
): Promise<LayerChannels[]> {
  const windows: WindowChannels[][] = [];
  for (const window of subject.testWindows.slice(0, settings.windows)) {
    const { dense, pruned } = await extremes(subject, window, settings, hooks);
    windows.push(dense.map(({ values, channels, typical, spread }, layer) => ({
      spread,
      spreadPruned: pruned[layer].spread,
      shares: channelPersistence(values, channels, settings.outlying * typical),
    })));
  }
  return windows[0].map((_, layer) => summarize(layer, windows.map((each) => each[layer])));
}

/** Of one layer, from what each window gave. */
function summarize(layer: number, windows: readonly WindowChannels[]): LayerChannels {
  const shares = windows[0].shares.map((_, channel) =>
    mean(windows.map((each) => each.shares[channel]))
  );
  const most = shares.indexOf(Math.max(...shares));
  const [dense, pruned] = [
    windows.map(({ spread }) => spread),
    windows.map(({ spreadPruned }) => spreadPruned),
  ];
  return {
    layer,
    spread: meanEstimate(dense),
    spreadPruned: meanEstimate(pruned),
    pruningEffect: ratioOfMeans(pruned, dense),
    outliers: shares.filter((share) => share > 0).length,
    persistent: shares.filter((share) => share >= 0.5).length,
    persistence: meanEstimate(windows.map((each) => each.shares[most])),
  };
}

/** The layer in which something is largest, the first of equal ones. */
export function layerOfMost(
  layers: readonly LayerChannels[],
  what: "spread" | "persistence",
): LayerChannels {
  return layers.reduce((most, each) => each[what].value > most[what].value ? each : most);
}

/** Takes the channels of the layer of the largest spread, in the first test window. */
export async function takeChannelMap(
  subject: FigureSubject,
  settings: ChannelSettings,
  hooks: RunHooks,
): Promise<ChannelMap> {
  const { dense, pruned } = await extremes(subject, subject.testWindows[0], settings, hooks);
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

/** What the channels of every layer reach in a window, with all tokens and with those that pruning leaves. */
async function extremes(
  { model }: FigureSubject,
  window: Int32Array,
  { site, pruning }: ChannelSettings,
  { signal }: RunHooks,
) {
  const run = async (options: ForwardOptions) => {
    const found = await siteValues(model, window, site, { ...options, signal });
    return found.map(({ values, shape: [, channels] }) => (
      { values, channels, ...channelExtremes(values, channels) }
    ));
  };
  return { dense: await run({}), pruned: await run({ pruning: pruningFor(model, pruning) }) };
}

/** Magnitudes to what a picture shows. */
function rounded(values: Float32Array): number[] {
  return Array.from(values, (value) => Number(Math.abs(value).toPrecision(4)));
}
