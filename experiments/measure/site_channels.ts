import { bootstrap, type Estimate } from "../../lib/core/mod.ts";
import type { RunHooks } from "../../lib/eval/mod.ts";
import { siteTap } from "../../lib/inspect/mod.ts";
import { chainHooks, runWindows, type SiteName } from "../../lib/model/mod.ts";
import { channelExtremes, channelPersistence } from "../../lib/quant/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import type { FigureSubject } from "./figure_subject.ts";
import { meanEstimate } from "./mean_estimate.ts";

/** How outlier channels are looked for. */
export interface SiteChannelSettings {
  /** A channel is outlying in a token where |x| exceeds this many typical maxima. */
  outlying: number;
  /** It is an outlier channel of a text where it is so in this share of the tokens. */
  often: number;
  /** Windows of each text that are looked at. */
  windows: number;
}

/** The sites whose last axis is channels. */
export const channelSites = [
  "attn.input",
  "attn.q",
  "attn.k",
  "attn.v",
  "attn.output",
  "mlp.input",
  "mlp.hidden",
] as const satisfies SiteName[];

export type ChannelSite = typeof channelSites[number];

/** How often a channel is outlying, as shares of the tokens of both texts. */
export interface OutlierChannel {
  channel: number;
  test: number;
  validation: number;
}

/** The outlier channels of one site of one layer. */
export interface LayerSiteChannels {
  site: ChannelSite;
  layer: number;
  /** Those of either text, the most frequent first. */
  outliers: OutlierChannel[];
  /** The share of the tokens of the test text in which the channel that is most often outlying is so. */
  persistence: Estimate;
}

/** Whether the outlier channels of two texts are the same at one site. */
export interface SiteOverlap {
  site: ChannelSite;
  /** Outlier channels of the test text, of all layers. */
  count: number;
  /** How many of them belong to the validation text too, over those of either, windows of the test text drawn. */
  overlap: Estimate;
}

/** Which channels are outliers, where, and on which text. */
export interface MeasuredSiteChannels {
  layers: LayerSiteChannels[];
  /** Of sites with outlier channels. */
  overlaps: SiteOverlap[];
}

/** In which share of the tokens each channel is outlying, window by window. */
type Shares = Float32Array[];

interface BothTexts {
  test: Shares;
  validation: Shares;
}

/** Measures how often each channel of each site is outlying, on test and on validation text. */
export async function measureSiteChannels(
  { model, testWindows, validationWindows }: FigureSubject,
  { outlying, often, windows }: SiteChannelSettings,
  { progress, signal }: RunHooks,
): Promise<MeasuredSiteChannels> {
  const [test, validation] = [testWindows, validationWindows].map((all) => all.slice(0, windows));
  const looked = [...test, ...validation];
  const { layers } = model.architecture;
  const shares = new Map(channelSites.map((site) => [
    site,
    Array.from({ length: layers }, (): BothTexts => ({ test: [], validation: [] })),
  ]));
  const taps = channelSites.map((site) =>
    siteTap(site, (values, [, channels], { layer, window }) => {
      const { typical } = channelExtremes(values, channels);
      const found = channelPersistence(values, channels, outlying * typical);
      shares.get(site)![layer][window < test.length ? "test" : "validation"].push(found);
    })
  );
  progress?.start(`channels of ${model.name}`, looked.length);
  const onStep = (done: number) => progress?.update(done);
  const runner = { model, options: { hook: chainHooks(...taps), signal } };
  await runWindows([runner], looked, { onStep, signal }, () => {});
  progress?.finish();
  return {
    layers: channelSites.flatMap((site) =>
      shares.get(site)!.map((texts, layer) => ({ site, layer, ...outliersOf(texts, often) }))
    ),
    overlaps: channelSites.flatMap((site) => overlapOf(site, shares.get(site)!, often) ?? []),
  };
}

/** The cells of the figure about outlier channels. */
export const siteChannelCells: CellKind<SiteChannelSettings, MeasuredSiteChannels> = {
  experiment: "channels",
  measure: measureSiteChannels,
};

function outliersOf(
  { test, validation }: BothTexts,
  often: number,
): Pick<LayerSiteChannels, "outliers" | "persistence"> {
  const [own, other] = [meanShares(test), meanShares(validation)];
  const most = own.indexOf(Math.max(...own));
  const outliers = own.map((share, channel) => ({
    channel,
    test: share,
    validation: other[channel],
  }))
    .filter(({ test, validation }) => Math.max(test, validation) >= often)
    .sort((one, another) => another.test - one.test);
  return { outliers, persistence: meanEstimate(test.map((shares) => shares[most])) };
}

function overlapOf(
  site: ChannelSite,
  layers: readonly BothTexts[],
  often: number,
): SiteOverlap | undefined {
  const others = layers.map(({ validation }) => outlierSet(meanShares(validation), often));
  const overlap = (windows: ArrayLike<number>) => {
    let [common, either] = [0, 0];
    layers.forEach(({ test }, layer) => {
      const drawn = Array.from(windows, (window) => test[window]);
      const own = outlierSet(meanShares(drawn), often);
      common += own.intersection(others[layer]).size;
      either += own.union(others[layer]).size;
    });
    return either === 0 ? 1 : common / either;
  };
  const counts = layers.map(({ test }) => outlierSet(meanShares(test), often).size);
  const count = counts.reduce((sum, each) => sum + each);
  if (count === 0) return undefined;
  return { site, count, overlap: bootstrap(layers[0].test.length, overlap, { seed: 0 }) };
}

function outlierSet(shares: readonly number[], often: number): Set<number> {
  return new Set(shares.flatMap((share, channel) => share >= often ? channel : []));
}

function meanShares(windows: Shares): number[] {
  const sums = new Float64Array(windows[0].length);
  for (const shares of windows) shares.forEach((share, channel) => sums[channel] += share);
  return Array.from(sums, (sum) => sum / windows.length);
}
