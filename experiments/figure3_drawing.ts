import { type Estimate, mean } from "../lib/core/mod.ts";
import {
  barChart,
  type Drawing,
  flowChart,
  type FlowStep,
  letterOf,
  panels,
  verdictOf,
} from "../lib/report/mod.ts";
import { type NoiseScheme, noiseSchemes, type SiteNoise } from "./noise_measure.ts";

/** What figure 3 shows of one model. */
export interface Figure3Row {
  model: string;
  sites: SiteNoise[];
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
const coarse: NoiseScheme = "one step per tensor";

/** Draws figure 3 and says what it shows. */
export function drawFigure3(rows: readonly Figure3Row[]): Drawing {
  const gains = rows.map((row) => {
    const trip = tripSites.map((site) => ratioAt(row, ours, site).value);
    const tensor = tripSites.map((site) => ratioAt(row, coarse, site).value);
    return mean(trip) - mean(tensor);
  });
  const better = gains.filter((gain) => gain > 0).length;
  return {
    shows: "a: one block of AgileQ-8 with the quantizer in front of each product and its " +
      `signal-to-noise ratio in ${rows[0].model}. From b on, model by model: the ratio at every ` +
      "site, mean of the layers with the lowest and the highest layer, for three kinds of uniform " +
      "quantizer; the softmax is log2 with 4 bits throughout.",
    verdict: verdictOf(better, rows.length),
    agreement:
      "TRIP is meant to take up the differences between channels that one step per tensor " +
      `cannot. On average it gains at its sites on ${better} of ${rows.length} models.`,
    details: rows.map(({ model }, index) =>
      `${model}: TRIP gains ${gains[index].toFixed(1)} dB over one step per tensor.`
    ),
    spec: panels([
      [flowChart({
        title: `a. a block of AgileQ-8, with the noise in ${rows[0].model}`,
        steps: steps(rows[0]),
        width: 1060,
        height: 175,
        left: 20,
      })],
      ...rows.map((row, index) => [modelPanel(row, letterOf(index + 1))]),
    ]),
  };
}

const tripSites = sites.filter((site) => site !== "attn.probs" && site !== "attn.output");

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
    width: 1060,
    height: 300,
  });
}

/** The mean over the layers, with the lowest and the highest. */
function ratioAt(row: Figure3Row, scheme: NoiseScheme, site: string): Estimate {
  const ratios = row.sites.filter((each) =>
    each.scheme === scheme && each.site.replace("BeforeRotary", "") === site
  ).map(({ ratio }) => ratio);
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
