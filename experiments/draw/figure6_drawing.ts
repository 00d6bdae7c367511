import { combineVerdicts, describeCases, exactVerdict, mean } from "../../lib/core/mod.ts";
import { barChart, type Drawing, heatmap, lineChart, panels } from "../../lib/report/mod.ts";
import { prunedTokens } from "./pruned_tokens.ts";
import type { LayerTrip, MeasuredTrip, TripSettings } from "../measure/trip_measure.ts";

/** What figure 6 shows of one model. */
export interface Figure6Row extends MeasuredTrip {
  model: string;
}

/** Draws figure 6 and says what it shows. */
export function drawFigure6(
  rows: readonly Figure6Row[],
  { largestPowers, drawnPower, pruning }: TripSettings,
): Drawing {
  const at = largestPowers.indexOf(drawnPower);
  const cases = rows.map(({ model, fold: { equal, outputs } }) => (
    { name: model, verdict: exactVerdict(equal === outputs) }
  ));
  const gain = ({ layers }: Figure6Row, ratios: "ratios" | "ratiosPruned") =>
    mean(layers.map((layer) => layer[ratios][at] - layer[ratios][0])).toFixed(1);
  const limit = ({ layers }: Figure6Row) =>
    mean(layers.map(({ perChannel, ratios }) => perChannel - ratios[0])).toFixed(1);
  return {
    shows:
      "a: signal-to-noise ratio of the quantized input of q, k, v against the largest power K, " +
      "mean of the layers, for all tokens and for those that are left without " +
      `${prunedTokens(pruning)}. ` +
      `b: how many channels take each power at K = ${drawnPower}. ` +
      `c: the powers of ${rows[0].model}, channel by channel.`,
    verdict: combineVerdicts(cases),
    agreement:
      "The paper moves TRIP's factors from the activations into the weights without changing " +
      "the product. That all outputs are equal bit for bit, wherever the factors stand, is " +
      `${describeCases(cases)}.`,
    details: rows.map((row) => {
      const { model, fold: { equal, outputs } } = row;
      return `${model}: ${equal} of ${outputs} outputs are equal; K = ${drawnPower} gains ` +
        `${gain(row, "ratios")} dB over one step per tensor, and ${gain(row, "ratiosPruned")} dB ` +
        `after pruning; a step of its own for every channel would gain ${limit(row)} dB.`;
    }),
    spec: panels([
      [errorPanel(rows, largestPowers), countPanel(rows, drawnPower)],
      [alphaPanel(rows[0], drawnPower)],
    ]),
  };
}

function errorPanel(rows: readonly Figure6Row[], largestPowers: readonly number[]) {
  const average = (layers: LayerTrip[], of: (layer: LayerTrip) => number) => (
    { value: mean(layers.map(of)) }
  );
  return lineChart({
    title: "a. error against the largest power",
    x: { title: "K, the largest power of two" },
    y: { title: "signal to noise", unit: "dB" },
    series: rows.flatMap(({ model, layers }) => [
      {
        name: rows.length > 1 ? model : "all tokens",
        x: largestPowers,
        y: largestPowers.map((_, index) => average(layers, ({ ratios }) => ratios[index])),
      },
      {
        name: rows.length > 1 ? `${model}, pruned` : "after pruning",
        x: largestPowers,
        y: largestPowers.map((_, index) =>
          average(layers, ({ ratiosPruned }) => ratiosPruned[index])
        ),
      },
    ]),
    width: 430,
    height: 400,
  });
}

function countPanel(rows: readonly Figure6Row[], drawnPower: number) {
  const powers = Array.from({ length: drawnPower + 1 }, (_, power) => power);
  return barChart({
    title: "b. powers taken by the channels",
    categories: powers.map(String),
    x: { title: "alpha" },
    y: { title: "channels", unit: "%", fromZero: true },
    series: rows.map(({ model, layers }) => {
      const alphas = layers.flatMap(({ alpha }) => alpha);
      return {
        name: model,
        values: powers.map((power) => (
          { value: 100 * alphas.filter((alpha) => alpha === power).length / alphas.length }
        )),
      };
    }),
    width: 310,
    height: 400,
  });
}

function alphaPanel({ model, layers }: Figure6Row, drawnPower: number) {
  return heatmap({
    title: `c. alpha per channel, ${model}`,
    values: layers.map(({ alpha }) => alpha),
    x: { title: "channel" },
    y: { title: "layer" },
    color: { title: "alpha", range: [0, drawnPower] },
    rowLabels: layers.map(({ layer }) => `layer ${layer}`),
    width: 960,
    height: Math.max(260, 110 + 7 * layers.length),
  });
}
