import { combineVerdicts, describeCases, type JudgedCase, verdictOf } from "../../lib/core/mod.ts";
import {
  barChart,
  type Drawing,
  heatmap,
  letterOf,
  lineChart,
  panels,
  type PlotlySpec,
} from "../../lib/report/mod.ts";
import {
  type ChannelSite,
  channelSites,
  type LayerSiteChannels,
  type MeasuredSiteChannels,
  type SiteChannelSettings,
} from "../measure/site_channels.ts";
import { formatEstimate, formatShare } from "../result/format_estimate.ts";
import { panelTitle } from "./panel_title.ts";

/** The outlier channels of one model. */
export interface SiteChannelRow extends MeasuredSiteChannels {
  model: string;
}

/** The channels that all layers share: those that norms make of the stream between the blocks. */
const streamSites = ["attn.input", "mlp.input"] as const satisfies ChannelSite[];

const mlpSites = ["mlp.input", "mlp.hidden"] as const satisfies ChannelSite[];
const attentionSites = channelSites.filter((site) => site.startsWith("attn"));

/** How many channels of the stream have a column. */
const mostColumns = 24;

/** How many channels of a site are named. */
const named = 3;

/** Draws which channels are outliers and says whether they are the same on another text. */
export function drawSiteChannels(
  rows: readonly SiteChannelRow[],
  { outlying, often }: SiteChannelSettings,
): Drawing {
  const cases = rows.flatMap(judge);
  const [{ model }] = rows;
  const maps = streamSites.flatMap((site) => streamPanel(rows, site) ?? []);
  return {
    shows:
      `A channel is outlying in a token of ${model} where |x| is above ${outlying} times the median of the ` +
      "channels' maxima. " +
      (maps.length === 0 ? "" : `${letters(0, maps.length)}: the share of the ` +
        "tokens of the test text in which channels of the stream are so, of those that are so most often, " +
        `at most ${mostColumns}. `) +
      `${letters(maps.length, 2)}: the share of the channel of each site that is so most often. ` +
      `${letters(maps.length + 2, 1)}: of the channels that are outlying in ${
        formatShare(often, 0)
      } of the tokens of the test or the validation text, the share that is so on both.`,
    verdict: combineVerdicts(cases),
    agreement:
      "The paper takes outliers to stay in their channels. That more than half of the outlier channels " +
      `of two texts are the same is ${
        cases.length > 0 ? describeCases(cases) : "not testable here: no site has any"
      }.`,
    details: rows.flatMap(describe),
    spec: panels([
      ...maps.map((map, index) => [map(letterOf(index))]),
      [
        persistencePanel(rows[0], attentionSites, letterOf(maps.length)),
        persistencePanel(rows[0], mlpSites, letterOf(maps.length + 1)),
      ],
      [overlapPanel(rows, letterOf(maps.length + 2))],
    ]),
  };
}

function judge({ model, overlaps }: SiteChannelRow): JudgedCase[] {
  return overlaps.map(({ site, overlap }) => (
    { name: `${site} of ${model}`, verdict: verdictOf(overlap, { above: 0.5 }) }
  ));
}

function describe({ model, layers, overlaps }: SiteChannelRow): string[] {
  const lines = overlaps.map(({ site, count, overlap }) => {
    const own = layers.filter((layer) => layer.site === site);
    const most = own.reduce((most, each) =>
      each.persistence.value > most.persistence.value ? each : most
    );
    const first = most.outliers.slice(0, named).map(({ channel, test, validation }) =>
      `${channel} in ${formatShare(test)} of the tokens (validation text ${
        formatShare(validation)
      })`
    );
    return `${model}, ${site}: ${count} outlier channels in ${
      own.filter(({ outliers }) => outliers.length > 0).length
    } of ${own.length} layers, ${
      formatEstimate(overlap, 3)
    } of those of either text on both; most often in ` +
      `layer ${most.layer}: ${first.join(", ")}.`;
  });
  const without = channelSites.filter((site) => !overlaps.some((each) => each.site === site));
  return without.length === 0
    ? lines
    : [...lines, `${model}: no outlier channels at ${without.join(", ")}.`];
}

/** The letters of some panels in a row: `a, b`. */
function letters(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => letterOf(first + index)).join(", ");
}

/** A row per layer and a column per channel of the stream; none where no channel is an outlier. */
function streamPanel(
  rows: readonly SiteChannelRow[],
  site: ChannelSite,
): ((letter: string) => PlotlySpec) | undefined {
  const [{ model, layers }] = rows;
  const own = layers.filter((layer) => layer.site === site);
  const sums = new Map<number, number>();
  for (const { channel, test } of own.flatMap(({ outliers }) => outliers)) {
    sums.set(channel, (sums.get(channel) ?? 0) + test);
  }
  const channels = [...sums].sort(([, one], [, other]) => other - one).slice(0, mostColumns)
    .map(([channel]) => channel);
  if (channels.length === 0) return undefined;
  const share = ({ outliers }: LayerSiteChannels, channel: number) =>
    outliers.find((each) => each.channel === channel)?.test ?? null;
  return (letter) =>
    heatmap({
      title: panelTitle(letter, site, { model, among: rows }),
      values: own.map((layer) => channels.map((channel) => share(layer, channel))),
      x: { title: "channel" },
      y: { title: "layer" },
      color: { title: "share of the tokens", range: [0, 1] },
      columnLabels: channels.map(String),
      rowLabels: own.map(({ layer }) => String(layer)),
      width: 900,
      height: 330,
    });
}

function persistencePanel(
  { layers }: SiteChannelRow,
  sites: readonly ChannelSite[],
  letter: string,
): PlotlySpec {
  return lineChart({
    title: `${letter}. the channel that is outlying most often`,
    x: { title: "layer" },
    y: { title: "share of the tokens", unit: "%", fromZero: true },
    series: sites.map((site) => {
      const own = layers.filter((layer) => layer.site === site);
      return {
        name: site,
        x: own.map(({ layer }) => layer),
        y: own.map(({ persistence: { value } }) => ({ value: 100 * value })),
      };
    }),
    width: 430,
    height: 330,
  });
}

function overlapPanel(rows: readonly SiteChannelRow[], letter: string): PlotlySpec {
  return barChart({
    title: `${letter}. the same channels on both texts`,
    categories: channelSites,
    x: { title: "site" },
    y: { title: "share of the channels", range: [0, 1] },
    series: rows.map(({ model, overlaps }) => ({
      name: model,
      values: channelSites.map((site) =>
        overlaps.find((each) => each.site === site)?.overlap ?? null
      ),
    })),
    width: 700,
    height: 330,
  });
}
