import {
  combineVerdicts,
  describeCases,
  type Estimate,
  mean,
  verdictOf,
} from "../../lib/core/mod.ts";
import {
  barChart,
  type Drawing,
  flowChart,
  type FlowStep,
  letterOf,
  panels,
} from "../../lib/report/mod.ts";
import {
  type MeasuredNoise,
  type NoiseScheme,
  noiseSchemes,
  placeOf,
} from "../measure/noise_measure.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/** What figure 3 shows of one model. */
export interface Figure3Row extends MeasuredNoise {
  model: string;
}

const sites = [
  "attn.input",
  "attn.q",
  "attn.k",
  "attn.v",
  "attn.probs",
  "attn.output",
  "mlp.input",
  "mlp.hidden",
];
const schemes = Object.keys(noiseSchemes) as NoiseScheme[];
const ours: NoiseScheme = "TRIP, K = 3";

/** Draws figure 3 and says what it shows. */
export function drawFigure3(rows: readonly Figure3Row[]): Drawing {
  const cases = rows.map(({ model, gain }) => (
    { name: model, verdict: verdictOf(gain, { above: 0 }) }
  ));
  return {
    shows: "a: one block of AgileQ-8 with the quantizer in front of each product and its " +
      `signal-to-noise ratio in ${rows[0].model}. From b on, model by model: the ratio at every ` +
      "site, mean of the layers with the lowest and the highest layer, for three kinds of uniform " +
      "quantizer; the softmax is log2 with 4 bits throughout.",
    verdict: combineVerdicts(cases),
    agreement:
      "TRIP is meant to take up the differences between channels that one step per tensor " +
      `cannot. That it gains at its sites, on average, is ${describeCases(cases)}.`,
    details: rows.map(({ model, gain, gains }, index) =>
      `${model}: ${cases[index].verdict}; TRIP gains ${formatEstimate(gain, 2)} dB over one step ` +
      "per tensor. Site by site, and what a step per channel or head would gain beyond it: " +
      gains.map(({ site, gain, left }) =>
        `${site} ${formatEstimate(gain, 2)} and ${formatEstimate(left, 2)}`
      ).join(", ") + "."
    ),
    spec: panels([
      [flowChart({
        title: `a. a block of AgileQ-8, with the noise in ${rows[0].model}`,
        steps: steps(rows[0]),
        width: 1060,
        height: 175,
      })],
      ...rows.map((row, index) => [modelPanel(row, letterOf(index + 1))]),
    ]),
  };
}

function modelPanel(row: Figure3Row, letter: string) {
  return barChart({
    title: `${letter}. ${row.model}`,
    categories: sites,
    x: { title: "site" },
    y: { title: "signal to noise", unit: "dB", fromZero: true },
    series: schemes.map((scheme) => ({
      name: scheme,
      values: sites.map((site) => ratioAt(row, scheme, site)),
    })),
    width: 900,
    height: 300,
  });
}

/** The mean over the layers, with the lowest and the highest. */
function ratioAt(row: Figure3Row, scheme: NoiseScheme, site: string): Estimate {
  const ratios = row.sites.filter((each) => each.scheme === scheme && placeOf(each.site) === site)
    .map(({ ratio }) => ratio);
  return { value: mean(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}

/** The block from left to right. */
function steps(row: Figure3Row): FlowStep[] {
  const cost = (site: string) => `${ratioAt(row, ours, site).value.toFixed(0)} dB`;
  const trip = (site: string) => `8-bit TRIP<br>${cost(site)}`;
  return [
    { label: "norm" },
    { label: "q, k, v<br>projections", input: trip("attn.input") },
    { label: "q · k", input: `q, k 8-bit TRIP<br>${cost("attn.q")}, ${cost("attn.k")}` },
    { label: "softmax" },
    {
      label: "times v",
      input: `4-bit log2 ${cost("attn.probs")}<br>v 8-bit TRIP ${cost("attn.v")}`,
    },
    { label: "output<br>projection", input: `8-bit<br>${cost("attn.output")}` },
    { label: "add, norm" },
    { label: "up, gate<br>projections", input: trip("mlp.input") },
    { label: "activation" },
    { label: "down<br>projection", input: trip("mlp.hidden") },
    { label: "add" },
  ];
}
