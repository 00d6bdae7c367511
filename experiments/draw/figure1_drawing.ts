import { combineVerdicts, describeCases, type JudgedCase, verdictOf } from "../../lib/core/mod.ts";
import {
  type Drawing,
  heatmap,
  letterOf,
  lineChart,
  panels,
  type PlotlySpec,
} from "../../lib/report/mod.ts";
import type { AttentionConcentration } from "../../lib/tokens/mod.ts";
import type {
  AttentionMap,
  AttentionMaps,
  LayerConcentration,
} from "../measure/attention_measure.ts";
import type { ChannelMap, LayerChannels } from "../measure/channel_measure.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** The numbers of one model. */
export interface Figure1Row {
  model: string;
  attention: LayerConcentration[];
  channels: LayerChannels[];
}

/** The pictures of one model. */
export interface Figure1Maps {
  model: string;
  attention: AttentionMaps;
  channels: ChannelMap;
}

/**
 * Draws figure 1 and says what it shows.
 *
 * @param data The pictures of the first model, and the numbers of all.
 * @param distance How many tokens count as near.
 */
export function drawFigure1(
  { maps, models }: { maps: Figure1Maps; models: readonly Figure1Row[] },
  distance: number,
): Drawing {
  const cases = models.flatMap(judge);
  return {
    shows:
      `a-c: mean attention map of the heads of ${maps.model} over the first tokens of a test ` +
      "text, blank where no attention is left. d: |x| of the input of its q, k, v projections. e: largest |x| of each channel, before " +
      "and after pruning. f, g: share of the attention that goes to the first token and to the " +
      `nearest ${distance} tokens, against what equal attention to all visible tokens would give.`,
    verdict: combineVerdicts(cases),
    agreement:
      "The paper sees a stripe at the first token, a bright diagonal, and channels of outliers. That " +
      "each of the first two takes more than twice its share of equal attention in the last layer, " +
      "and that a channel is outlying in more than half of the tokens of some layer, is " +
      `${describeCases(cases)}.`,
    details: models.map(describe),
    spec: panels([
      mapRow(
        maps.attention,
        models[0].attention,
        distance,
        [0, 1, 2].map((panel) => `${letterOf(panel)}. ${maps.model}: `),
      ),
      channelRow(maps.channels, `d. ${maps.model}: input of q, k, v`, "e. channel maxima"),
      concentrationRow(models, distance),
    ]),
  };
}

/** Whether the paper's patterns are there in one model. */
function judge({ model, attention, channels }: Figure1Row): JudgedCase[] {
  const { stripe, diagonal } = attention.at(-1)!.full;
  const { persistence } = largest(channels, "persistence");
  return [
    { name: `the stripe of ${model}`, verdict: verdictOf(stripe, { above: 2 }) },
    { name: `the diagonal of ${model}`, verdict: verdictOf(diagonal, { above: 2 }) },
    { name: `the channels of ${model}`, verdict: verdictOf(persistence, { above: 0.5 }) },
  ];
}

/** The numbers beside the picture of one model. */
function describe({ model, attention, channels }: Figure1Row): string {
  const { full, quantized } = attention.at(-1)!;
  const { spread, spreadPruned } = largest(channels, "spread");
  const { persistence: { value, low, high } } = largest(channels, "persistence");
  const [share, ...ends] = [value, low, high].map((each) => each && 100 * each);
  const outlying = { value: share!, low: ends[0], high: ends[1] };
  return `${model}: the last layer gives the first token ${percent(full.start)}, ` +
    `${formatEstimate(full.stripe, 2)} times equal attention (quantized ` +
    `${percent(quantized.start)}), and the nearest tokens ${percent(full.local)}, ` +
    `${formatEstimate(full.diagonal, 2)} times (quantized ${
      percent(quantized.local)
    }); the largest ` +
    `channel reaches ${formatEstimate(spread, 1)} times the median one, ` +
    `${formatEstimate(spreadPruned, 1)} times after pruning, and none is outlying in more than ` +
    `${formatEstimate(outlying, 1)} % of the tokens.`;
}

/** The layer in which something is largest. */
function largest(channels: LayerChannels[], what: "spread" | "persistence"): LayerChannels {
  return channels.reduce((most, each) => each[what].value > most[what].value ? each : most);
}

/** The maps of the first and last layer, and the last one quantized, each with its shares. */
export function mapRow(
  { first, last, lastQuantized }: AttentionMaps,
  layers: LayerConcentration[],
  distance: number,
  prefixes = ["", "", ""],
): PlotlySpec[] {
  const [early, late] = [layers[0].full, layers.at(-1)!];
  const map = (
    title: string,
    values: AttentionMap,
    { start, local }: AttentionConcentration,
    right: boolean,
  ) =>
    heatmap({
      title: `${title}<br>first token ${percent(start)}, nearest ${distance} ${percent(local)}`,
      values,
      x: { title: "attended token" },
      y: { title: "token" },
      color: { title: "attention probability", scale: "log", range: [1e-5, 1] },
      colorBar: right,
      width: 330,
      height: 350,
    });
  return [
    map(`${prefixes[0]}first layer`, first, early, false),
    map(`${prefixes[1]}last layer`, last, late.full, false),
    map(`${prefixes[2]}last layer, quantized`, lastQuantized, late.quantized, true),
  ];
}

/** |x| of every channel over the tokens, and the ranked maxima with and without pruning. */
export function channelRow(
  { magnitudes, maxima, maximaPruned, layer }: ChannelMap,
  place: string,
  ranking = "channel maxima",
): PlotlySpec[] {
  const ranked = (values: number[]) =>
    values.toSorted((one, other) => other - one).map((value) => ({ value }));
  const ranks = maxima.map((_, rank) => rank + 1);
  return [
    heatmap({
      title: `${place}, layer ${layer}`,
      values: magnitudes,
      x: { title: "channel" },
      y: { title: "token" },
      color: { title: "|x|" },
      width: 480,
      height: 350,
    }),
    lineChart({
      title: `${ranking}, ranked`,
      x: { title: "rank of the channel" },
      y: { title: "largest |x|", fromZero: true },
      series: [
        { name: "all tokens", x: ranks, y: ranked(maxima), style: "lines" },
        { name: "after pruning", x: ranks, y: ranked(maximaPruned), style: "lines" },
      ],
      width: 400,
      height: 350,
    }),
  ];
}

function concentrationRow(models: readonly Figure1Row[], distance: number): PlotlySpec[] {
  const curve = (
    name: string,
    layers: LayerConcentration[],
    share: keyof AttentionConcentration,
  ) => ({
    name,
    x: layers.map(({ layer }) => layer),
    y: layers.map(({ full }) => ({ value: 100 * full[share] })),
  });
  const chart = (title: string, name: "start" | "local", legend: boolean) =>
    lineChart({
      title,
      x: { title: "layer" },
      y: { title: "share of attention", unit: "%", fromZero: true },
      series: [
        ...models.map(({ model, attention }) => curve(model, attention, name)),
        {
          ...curve("equal attention", models[0].attention, `${name}IfUniform`),
          reference: true,
        },
      ],
      legend,
      width: 440,
      height: 330,
    });
  return [
    chart("f. attention to the first token", "start", false),
    chart(`g. attention to the nearest ${distance} tokens`, "local", true),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
