import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { drawDivergence } from "../../../experiments/draw/divergence_drawing.ts";
import { drawFigure1 } from "../../../experiments/draw/figure1_drawing.ts";
import { drawFigure2 } from "../../../experiments/draw/figure2_drawing.ts";
import { drawFigure3 } from "../../../experiments/draw/figure3_drawing.ts";
import { drawFigure4 } from "../../../experiments/draw/figure4_drawing.ts";
import { drawFigure5 } from "../../../experiments/draw/figure5_drawing.ts";
import { drawFigure6 } from "../../../experiments/draw/figure6_drawing.ts";
import { drawFigure7 } from "../../../experiments/draw/figure7_drawing.ts";
import { drawFigure8 } from "../../../experiments/draw/figure8_drawing.ts";
import { drawOutliers } from "../../../experiments/draw/outlier_drawing.ts";
import { drawSensitivity } from "../../../experiments/draw/sensitivity_drawing.ts";
import { drawSiteChannels } from "../../../experiments/draw/site_channel_drawing.ts";
import { drawSummary } from "../../../experiments/draw/summary_drawing.ts";
import { profileRows } from "../../../experiments/figures/figure2.ts";
import type { Figure1Row } from "../../../experiments/measure/figure1_measure.ts";
import { noiseSchemes } from "../../../experiments/measure/noise_measure.ts";
import { channelSites } from "../../../experiments/measure/site_channels.ts";
import type { SparsityPoint } from "../../../experiments/measure/sparsity_points.ts";
import { type DotLevel, paperLevel } from "../../../experiments/result/int4_speed.ts";
import { type Verdict, verdictOf } from "../../../lib/core/mod.ts";
import { packWeights, traceDotInt4 } from "../../../lib/int4/mod.ts";
import type { SiteName } from "../../../lib/model/mod.ts";
import { type Drawing, type PlotlySpec, renderSvg } from "../../../lib/report/mod.ts";
import { blockRecord } from "../result/bench_fixture.ts";
import { outlierRow, siteOf } from "./outlier_row.ts";

const estimate = (value: number) => ({ value, low: 0.9 * value, high: 1.1 * value });

/** Attention of figure 1: `start` and `local` times what equal attention gives. */
const concentration = (start: number, local: number) => ({
  ...{ start: 0.01 * start, startIfUniform: 0.01, stripe: estimate(start) },
  ...{ local: 0.1 * local, localIfUniform: 0.1, diagonal: estimate(local) },
});

function figure1Row(start: number, local: number, persistence = 0.8, moved = 3): Figure1Row {
  const full = concentration(start, local);
  const heads = { full: [0.6, 0.2], quantized: [0.5, 0.3] };
  const attention = [{
    ...{ layer: 0, full, quantized: full, heads },
    ...{ startMoved: estimate(1 / moved), localMoved: estimate(moved) },
  }];
  const channels = [{
    ...{ layer: 0, outliers: 1, persistent: 0, persistence: estimate(persistence) },
    ...{ spread: estimate(3), spreadPruned: estimate(2), pruningEffect: estimate(0.7) },
  }];
  return { model: "m", attention, channels };
}

function figure1(...of: Parameters<typeof figure1Row>) {
  const map = [[1, null], [0.5, 0.5]];
  return drawFigure1(
    {
      maps: {
        model: "m",
        attention: { first: map, last: map, lastQuantized: map },
        channels: { layer: 0, magnitudes: [[1, 2]], maxima: [1, 2], maximaPruned: [1, 2] },
      },
      models: [figure1Row(...of)],
    },
    4,
    { beta: 0.3, layers: [0] },
  );
}

function figure3(trip: number, width = 0.5) {
  const names = ["input", "q", "kBeforeRotary", "v", "probs", "output"].map((name) =>
    `attn.${name}`
  );
  const sites = [...names, "mlp.input", "mlp.hidden"] as SiteName[];
  const schemes = Object.keys(noiseSchemes) as (keyof typeof noiseSchemes)[];
  return drawFigure3([{
    model: "m",
    gains: [{ site: "attn.q", gain: estimate(1), left: estimate(10) }],
    gain: { value: trip - 30, low: trip - 30 - width, high: trip - 30 + width },
    sites: schemes.flatMap((scheme) =>
      sites.map((site) => ({
        scheme,
        site,
        layer: 0,
        ratio: scheme.startsWith("TRIP") ? trip : 30,
      }))
    ),
  }]);
}

function figure4(difference: number) {
  const row = {
    model: "m",
    tokens: ["a", "b"],
    importance: [[1, 0.1], [1, null]],
    prunedAt: [null, 0],
    keptLoss: estimate(1),
    prunedLoss: estimate(1 + difference),
    difference: { value: difference, low: difference - 0.1, high: difference + 0.1 },
  };
  return drawFigure4([row], {
    beta: 0.5,
    depths: [0.5],
  });
}

function figure5(ratio: number, level: DotLevel = paperLevel) {
  const trace = traceDotInt4(
    Uint8Array.of(3, 5),
    packWeights(Uint8Array.of(1, 2, 3, 4), { rows: 2, columns: 2 }),
    0,
  );
  const verdict = verdictOf(estimate(ratio), { above: 1.75 });
  const row = { level, depth: 64, ratio: estimate(ratio), paper: 1.75, verdict };
  return drawFigure5({ ratios: [{ ...row, against: "int8" }], trace });
}

function figure6(equal: number) {
  const layer = { layer: 0, perChannel: 45, alpha: [0, 3], alphaPruned: [0, 3] };
  return drawFigure6(
    [{
      model: "m",
      layers: [{ ...layer, ratios: [30, 40], ratiosPruned: [31, 40] }],
      fold: { outputs: 10, equal },
    }],
    {
      site: "attn.input",
      bits: 8,
      largestPowers: [0, 3],
      drawnPower: 3,
      pruning: { beta: 0.5, layers: [0], positions: "renumber" },
    },
  );
}

function point(alone: number, window = 512): SparsityPoint {
  const relative = {
    survivors: estimate(0.5),
    denseOnSurvivors: estimate(0.5),
    allPositions: estimate(2),
    pruningAlone: { value: alone, low: alone - 0.01, high: alone + 0.01 },
  };
  const perplexity = { ...relative, dense: estimate(4) };
  return {
    beta: 0.1,
    layers: [-1],
    positions: "renumber",
    window,
    windows: 16,
    sparsity: 0.1,
    perplexity,
    relative,
  };
}

const figure7 = (alone: number) =>
  drawFigure7([{ model: "m", validation: [point(alone)], test: point(alone), random: point(1) }]);
const figure8 = (change: number) =>
  drawFigure8([{ model: "m", points: [point(1, 128), point(1 + change, 512)] }]);

function outliers(error: number, overRandom: number) {
  return drawOutliers([outlierRow(error, overRandom)], {
    pruning: { beta: 0.3, layers: [2], positions: "renumber" },
    ...{ bits: 8, K: 3, windows: 1 },
  });
}

function summary(error: number, overRandom: number) {
  const sites = [siteOf(0, { withoutStart: { range: 1.5, error: 0.002 } }, false), siteOf(1)];
  return drawSummary(figure1Row(3, 3), outlierRow(error, overRandom, sites));
}

function siteChannels(overlap?: number) {
  const outliers = [{ channel: 7, test: 0.5, validation: 0.25 }];
  const has = (site: string) => site === "attn.input" && overlap !== undefined;
  return drawSiteChannels([{
    model: "m",
    layers: channelSites.map((site) => (
      { site, layer: 3, outliers: has(site) ? outliers : [], persistence: estimate(0.5) }
    )),
    overlaps: overlap === undefined
      ? []
      : [{ site: "attn.input", count: 1, overlap: estimate(overlap) }],
  }], { outlying: 2, often: 0.1, windows: 1 });
}

const drawings: [name: string, drawn: Drawing, verdict: Verdict | undefined, words: string][] = [
  [
    "drawFigure1",
    figure1(3, 3),
    "reproduced",
    "reproduced for the stripe of m, the diagonal of m, the move of m, the channels of m",
  ],
  [
    "drawFigure1",
    figure1(3, 3),
    "reproduced",
    "before and after pruning 30 % of the tokens in layer 0.",
  ],
  [
    "drawFigure1",
    figure1(1, 3),
    "contradicted",
    "contradicted for the stripe of m; reproduced for",
  ],
  [
    "drawFigure1",
    figure1(3, 3),
    "reproduced",
    "the first token has more than twice its share of equal attention in 1 of them (layer 0) and more " +
    "than half of the attention of 1 of 2 heads, most in head 0 of layer 0 (60.0 %)",
  ],
  [
    "drawFigure1",
    figure1(3, 3, 0.8, 2),
    "undecided",
    "leaves the first token 0.500 [0.450, 0.550] of its share there",
  ],
  [
    "drawFigure1",
    figure1(3, 3, 0.8, 1.3),
    "contradicted",
    "from the one to the others in 1 of 1 layers",
  ],
  ["drawFigure1", figure1(2, 3), "undecided", "2.00 [1.80, 2.20] times equal attention"],
  [
    "drawFigure1",
    figure1(3, 3, 0.5),
    "undecided",
    "most often is so in 50.0 [45.0, 55.0] % of the tokens",
  ],
  [
    "drawFigure2",
    drawFigure2(profileRows(blockRecord)),
    "contradicted",
    "OPT-125M (prefill, 128 tokens): products with weights take 33 [24, 44] %: contradicted",
  ],
  ["drawFigure3", figure3(35), "reproduced", "beyond it: attn.q 1.00 [0.90, 1.10] and 10.00"],
  ["drawFigure3", figure3(29), "contradicted", "TRIP gains -1.00"],
  ["drawFigure3", figure3(30.1), "undecided", "TRIP gains 0.10 [-0.40, 0.60] dB"],
  ["drawFigure4", figure4(-0.5), "reproduced", "is -0.500 [-0.600, -0.400] nats"],
  ["drawFigure4", figure4(0.05), "undecided", "m: undecided; the mean loss at pruned"],
  ["drawFigure4", figure4(-0.05), "undecided", "is -0.050 [-0.150, 0.050] nats"],
  ["drawFigure4", figure4(0.5), "contradicted", "easier is contradicted for m"],
  [
    "drawFigure5",
    figure5(2),
    "reproduced",
    "here it is 2.00 to 2.00 (no dot products: reproduced)",
  ],
  ["drawFigure5", figure5(1.8), "undecided", "undecided for the lead over int8"],
  ["drawFigure5", figure5(1), "contradicted", "1.00 to 1.00"],
  ["drawFigure5", figure5(1, "native"), "not testable here", "1.00 (native: contradicted)"],
  ["drawFigure6", figure6(10), "reproduced", "10 of 10 outputs are equal"],
  ["drawFigure6", figure6(9), "contradicted", "K = 3 gains 10.0 dB"],
  ["drawFigure7", figure7(0.9), "reproduced", "pruning alone 0.900 [0.890, 0.910]"],
  [
    "drawFigure7",
    figure7(1),
    "explained by the scored subset",
    "all positions 2.000 [1.800, 2.200]; compared on 16 windows of 512 tokens, tested on 16.",
  ],
  [
    "drawFigure8",
    figure8(-0.1),
    "reproduced",
    "10 % pruned: reproduced; pruning alone 1.000 [0.990, 1.010] in 16 windows of 128",
  ],
  ["drawFigure8", figure8(0.01), "undecided", "1.010 [1.000, 1.020] in 16 windows of 512"],
  ["drawFigure8", figure8(0.1), "contradicted", "1.100 [1.090, 1.110] in 16 windows of 512"],
  [
    "drawFigure8",
    drawFigure8([{ model: "m", points: [point(1, 128)] }]),
    "not testable here",
    "pruning alone 1.000 [0.990, 1.010] in 16 windows of 128 tokens.",
  ],
  [
    "drawOutliers",
    outliers(0.5, 0.9),
    "reproduced",
    "mlp.input of m: reproduced; pruning leaves 0.900 [0.810, 0.990] of the range",
  ],
  [
    "drawOutliers",
    outliers(0.5, 0.9),
    "reproduced",
    "mlp.input of layer 2: a range of 2 instead of 2, and an error of 0.10 instead of 0.20.",
  ],
  ["drawOutliers", outliers(0.5, 1), "undecided", "one error over the other 1.000 [0.990, 1.010])"],
  ["drawOutliers", outliers(0.5, 1.1), "contradicted", "contradicted for mlp.input of m"],
  ["drawOutliers", outliers(1.5, 0.9), "contradicted", "1.500 [1.350, 1.650] of the error"],
  [
    "drawSummary",
    summary(0.5, 0.9),
    "reproduced",
    "in 1 of 1 layer (layer 0), most in layer 0 (3.0 %); quantized activations leave it 0.333 [0.300, 0.367]",
  ],
  [
    "drawSummary",
    summary(0.5, 0.9),
    "reproduced",
    "mlp.input of layer 0: a range of 1.5 instead of 2, and an error of 0.0020 instead of 0.20.",
  ],
  [
    "drawSummary",
    summary(0.5, 1.1),
    "contradicted",
    "leaves 0.500 [0.450, 0.550] of the error, random pruning 0.700 [0.630, 0.770], and leaving",
  ],
  [
    "drawSiteChannels",
    siteChannels(0.8),
    "reproduced",
    "most often in layer 3: 7 in 50.0 % of the tokens (validation text 25.0 %).",
  ],
  [
    "drawSiteChannels",
    siteChannels(0.5),
    "undecided",
    "0.500 [0.450, 0.550] of those of either text on both",
  ],
  [
    "drawSiteChannels",
    siteChannels(),
    "not testable here",
    "of two texts are the same is not testable here: no site has any.",
  ],
  [
    "drawSiteChannels",
    siteChannels(0.2),
    "contradicted",
    "m: no outlier channels at attn.q, attn.k",
  ],
  [
    "drawSensitivity",
    drawSensitivity([{
      model: "m",
      together: 0.5,
      lead: { value: 3, low: 2.8, high: 3.2 },
      parts: [
        { what: "attn.q", layer: 0, divergence: 0.1 },
        { what: "attn.probs", layer: 0, divergence: 0.3 },
      ],
    }]),
    undefined,
    "of the 0.4000 nats that the parts cost one by one, attn.probs 75 % and attn.q 25 %, a lead of 3.00 [2.80, 3.20] times;",
  ],
  [
    "drawSensitivity",
    drawSensitivity([1.1, 3].map((lead, index) => ({
      model: `m${index}`,
      together: 0.5,
      lead: { value: lead, low: lead - 0.2, high: lead + 0.2 },
      parts: [0.1, 0.2].map((divergence, layer) => ({ what: "attn.q", layer, divergence })),
    }))),
    undefined,
    "With the whole interval of its lead, no part on m0, and attn.q on m1 costs most.",
  ],
  [
    "drawDivergence",
    drawDivergence([{ model: "m", method: "GPTQ", divergence: 0.01, relative: estimate(1.1) }]),
    undefined,
    "GPTQ 1.100 [0.990, 1.210] at 0.0100 nats",
  ],
  [
    "drawDivergence",
    drawDivergence([1.2, 1.25].map((ratio, index) => (
      {
        model: "m",
        method: `GPTQ-${index}`,
        divergence: 0.1 - 0.01 * index,
        relative: estimate(ratio),
      }
    ))),
    undefined,
    "No two methods on one model have perplexities with intervals apart.",
  ],
  [
    "drawDivergence",
    drawDivergence([0.8, 0.95].map((ratio, index) => (
      { model: "m", method: `AgileQ-${index}*`, divergence: 0.1, relative: estimate(ratio) }
    ))),
    undefined,
    "it is below that of full precision for AgileQ-0* of m.",
  ],
  [
    "drawDivergence",
    drawDivergence([0.9, 1.2, 1.3].map((ratio, index) => (
      { model: "m", method: "GPTQ", divergence: [0.2, 0.1, 0.3][index], relative: estimate(ratio) }
    ))),
    undefined,
    "Of 2 pairs of methods on one model whose perplexities have intervals apart they order 1 diff",
  ],
];

for (const [what, value] of [["infinity", Infinity], ["NaN", NaN]] as const) {
  Deno.test(`drawings of a model that gave ${what} decide and can be drawn`, async () => {
    const gone = { value, low: value, high: value };
    const every = { survivors: gone, denseOnSurvivors: gone, allPositions: gone };
    const relative = { ...every, pruningAlone: gone };
    const lost = { ...point(1), relative, perplexity: { ...every, dense: gone } };
    const parts = [1, value].map((divergence, layer) => ({ what: "attn.q", layer, divergence }));
    const drawn = [
      drawFigure7([{ model: "m", validation: [lost], test: lost, random: lost }]),
      drawFigure8([{ model: "m", points: [{ ...lost, window: 128 }, lost] }]),
      drawSensitivity([{ model: "m", together: value, lead: gone, parts }]),
      drawDivergence([{ model: "m", method: "GPTQ", divergence: value, relative: gone }]),
    ];
    const verdict = value === Infinity ? "contradicted" : "undecided";
    assertEquals(drawn.map((each) => each.verdict), [verdict, "undecided", undefined, undefined]);
    for (const { spec } of drawn) assertStringIncludes(await renderSvg(spec), "</svg>");
  });
}

Deno.test("drawSiteChannels() calls its panels by the letters above them", () => {
  const titlesOf = ({ layout: { annotations } }: PlotlySpec) =>
    (annotations as { text: string }[]).flatMap(({ text }) =>
      text.match(/^(?:<b>)?([a-z])\. /)?.[1] ?? []
    );
  for (const drawn of [siteChannels(0.8), siteChannels()]) {
    const named = [...drawn.shows.matchAll(/\b([a-z](?:, [a-z])*): /g)].flatMap(([, letters]) =>
      letters.split(", ")
    );
    assertEquals(named, titlesOf(drawn.spec));
  }
});

for (const [name, { shows, verdict, agreement, details, spec }, expected, words] of drawings) {
  Deno.test(`${name}() ${expected ?? "without a claim"}, with the numbers that say so, in a picture that can be drawn`, async () => {
    assertEquals(verdict, expected);
    const said = [agreement, ...details].join("\n");
    assertStringIncludes(`${shows}\n${said}`, words);
    for (const line of [shows, agreement, ...details]) assertMatch(line, /[^.]\.$/);
    assert(!/NaN|undefined|Infinity/.test(said + shows), said);
    assertStringIncludes(await renderSvg(spec), "</svg>");
  });
}

Deno.test("drawDivergence() has a logarithmic axis where one method is far worse than others", () => {
  const scaleOf = (...ratios: number[]) => {
    const rows = ratios.map((ratio, index) => (
      { model: "m", method: `AgileQ-${index}`, divergence: 0.1, relative: estimate(ratio) }
    ));
    return (drawDivergence(rows).spec.layout.yaxis as { type: string }).type;
  };
  assertEquals(scaleOf(0.9, 1.2, 25), "log");
  assertEquals(scaleOf(0.9, 1.2, Infinity), "linear");
});

Deno.test("drawDivergence() gives a method the same look in every panel, and all stand in the legend", () => {
  const methodsOf = { a: ["RTN", "GPTQ"], b: ["AWQ", "GPTQ"] };
  const { spec } = drawDivergence(
    Object.entries(methodsOf).flatMap(([model, methods]) =>
      methods.map((method) => ({ model, method, divergence: 0.1, relative: estimate(1.1) }))
    ),
  );
  const traces = spec.data as unknown as { name: string; marker: unknown; showlegend?: boolean }[];
  for (const method of ["RTN", "GPTQ", "AWQ"]) {
    const looks = traces.filter(({ name }) => name === method);
    assertEquals(looks.length, 2);
    assertEquals(looks[0].marker, looks[1].marker);
  }
  const listed = traces.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name);
  assertEquals(listed, ["RTN", "GPTQ", "AWQ"]);
});
