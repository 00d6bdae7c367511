import { movementChart } from "../../../experiments/draw/attention_drawing.ts";
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
import { drawPareto } from "../../../experiments/draw/pareto_drawing.ts";
import { drawSensitivity } from "../../../experiments/draw/sensitivity_drawing.ts";
import { drawStress } from "../../../experiments/draw/stress_drawing.ts";
import { drawSummary } from "../../../experiments/draw/summary_drawing.ts";
import { drawSiteChannels } from "../../../experiments/draw/site_channel_drawing.ts";
import { profileRows } from "../../../experiments/figures/figure2.ts";
import { figure5Trace } from "../../../experiments/figures/figure5.ts";
import { noiseSchemes } from "../../../experiments/measure/noise_measure.ts";
import { tokenSets } from "../../../experiments/measure/outlier_effects.ts";
import { channelSites } from "../../../experiments/measure/site_channels.ts";
import type { SparsityPoint } from "../../../experiments/measure/sparsity_points.ts";
import { readBenchRecord } from "../../../experiments/result/bench_record.ts";
import { kernelRows, speedRatios } from "../../../experiments/result/int4_speed.ts";
import { stressFormats } from "../../../experiments/measure/stress_measure.ts";
import type { MeasuredTable } from "../../../experiments/tables/measured_table.ts";
import { familyTables } from "../../../experiments/tables/family_tables.ts";
import { namedTables } from "../../../experiments/tables/named_tables.ts";
import { drawRelativePerplexity } from "../../../experiments/tables/relative_perplexity.ts";
import { seededRandom } from "../../../lib/core/mod.ts";
import { linearGroups, siteNames } from "../../../lib/model/mod.ts";
import type { PlotlySpec } from "../../../lib/report/mod.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";

/** What the figures are drawn of. */
export interface DrawnModels {
  names: string[];
  layers: number;
}

/** Every figure of the suite, of made-up measurements of these models, by its name. */
export async function exampleDrawings(
  { names, layers: count }: DrawnModels,
): Promise<[name: string, spec: PlotlySpec][]> {
  const { uniform } = seededRandom(1);
  const layers = Array.from({ length: count }, (_, layer) => layer);
  const estimate = (value: number) => ({ value, low: 0.93 * value, high: 1.08 * value });
  const spreadOver = (low: number, high: number) => low * (high / low) ** uniform();
  const ofModels = <Row>(row: (model: string) => Row) => names.map(row);

  const share = () => {
    const [start, local] = [spreadOver(0.01, 0.6), spreadOver(0.1, 0.9)];
    return {
      ...{ start, startIfUniform: 0.02, stripe: estimate(start / 0.02) },
      ...{ local, localIfUniform: 0.2, diagonal: estimate(local / 0.2) },
    };
  };
  const headShares = () => Array.from({ length: 32 }, uniform);
  const map = Array.from(
    { length: 96 },
    (_, row) =>
      Array.from({ length: 96 }, (_, column) => column > row ? null : spreadOver(1e-6, 1)),
  );
  const channels = Array.from({ length: 192 }, () => spreadOver(0.5, 14));
  const figure1Rows = ofModels((model) => ({
    model,
    attention: layers.map((layer) => ({
      ...{ layer, full: share(), quantized: share() },
      ...{ startMoved: estimate(0.9), localMoved: estimate(1.1) },
      heads: { full: headShares(), quantized: headShares() },
    })),
    channels: layers.map((layer) => ({
      ...{ layer, outliers: 1, persistent: 0, persistence: estimate(0.4) },
      ...{ spread: estimate(3), spreadPruned: estimate(2), pruningEffect: estimate(0.7) },
    })),
  }));
  const figure1 = drawFigure1(
    {
      maps: {
        model: names[0],
        attention: { first: map, last: map, lastQuantized: map },
        channels: {
          layer: count - 1,
          magnitudes: map.map(() => channels),
          maxima: channels,
          maximaPruned: channels,
        },
      },
      models: figure1Rows,
    },
    16,
    { beta: 0.3, layers: [0] },
  );

  const sites = siteNames.filter((site) => !site.endsWith("qBeforeRotary"));
  const schemes = Object.keys(noiseSchemes) as (keyof typeof noiseSchemes)[];
  const figure3 = drawFigure3(ofModels((model) => ({
    model,
    gain: estimate(3),
    gains: [{ site: "attn.q", gain: estimate(1), left: estimate(2) }],
    sites: schemes.flatMap((scheme) =>
      sites.flatMap((site) =>
        layers.map((layer) => ({ scheme, site, layer, ratio: spreadOver(20, 50) }))
      )
    ),
  })));

  const words = ["<s>", "=", " Qu", "u", " born", "\n", " architect", " lighthouses", "16", ","];
  const tokens = Array.from({ length: 48 }, (_, index) => words[index % words.length]);
  const figure4 = drawFigure4(
    ofModels((model) => ({
      model,
      tokens,
      importance: layers.map(() => tokens.map(() => spreadOver(1e-5, 1))),
      prunedAt: tokens.map(() => null),
      ...{ keptLoss: estimate(1.2), prunedLoss: estimate(1.6), difference: estimate(0.4) },
    })),
    { beta: 0.5, depths: [0.25, 0.5, 0.75] },
  );

  const powers = [0, 1, 2, 3, 4, 5];
  const figure6 = drawFigure6(
    ofModels((model) => ({
      model,
      fold: { outputs: 10, equal: 10 },
      layers: layers.map((layer) => ({
        ...{ layer, perChannel: 46 },
        alpha: channels.map((_, channel) => channel % 4),
        alphaPruned: channels.map((_, channel) => channel % 4),
        ratios: powers.map((power) => spreadOver(30, 34) + power),
        ratiosPruned: powers.map((power) => spreadOver(32, 36) + power),
      })),
    })),
    {
      ...{ site: "attn.input", bits: 8, largestPowers: powers, drawnPower: 3 },
      pruning: { beta: 0.3, layers: [0], positions: "renumber" },
    },
  );

  const point = (beta: number, pruned: number[], window: number): SparsityPoint => {
    const relative = {
      survivors: estimate(1 - beta * uniform()),
      denseOnSurvivors: estimate(1 - beta * uniform()),
      allPositions: estimate(1 + 9 * beta * uniform()),
      pruningAlone: estimate(1 + beta * uniform()),
    };
    const perplexity = { ...relative, dense: estimate(4) };
    const sparsity = beta * pruned.length / count / 2;
    return {
      beta,
      layers: pruned,
      positions: "renumber",
      window,
      windows: 16,
      sparsity,
      perplexity,
      relative,
    };
  };
  const plans = [[-1], [-2, -1], layers.slice(count / 2), layers].flatMap((pruned) =>
    [0.1, 0.2, 0.3, 0.4, 0.5].map((beta) => point(beta, pruned, 512))
  );
  const byWindow = [0.1, 0.3].flatMap((beta) =>
    [128, 256, 512].map((window) => point(beta, [-2, -1], window))
  );

  const parts = [
    ...siteNames.filter((site) => !site.endsWith("BeforeRotary")),
    ...linearGroups.map(({ names }) => `weights of ${names.join(", ")}`),
  ];
  const sensitivity = drawSensitivity(ofModels((model) => ({
    model,
    together: 0.1,
    lead: estimate(0.01),
    parts: parts.flatMap((what) =>
      layers.map((layer) => ({ what, layer, divergence: spreadOver(1e-6, 0.02) }))
    ),
  })));

  const setState = () => ({
    ...{ range: spreadOver(2, 3000), kurtosis: spreadOver(3, 1e6), alpha: spreadOver(0.1, 3) },
    ...{ error: spreadOver(1e-4, 1e-2), errorBefore: spreadOver(1e-4, 1e-2) },
  });
  const outlierRows = ofModels((model) => ({
    model,
    sites: linearGroups.flatMap(({ reads: site }) =>
      layers.map((layer) => ({
        ...{ site, layer, behindPruning: true, all: setState() },
        sets: {
          ...{ pruned: setState(), selected: setState() },
          ...{ random: setState(), withoutStart: setState() },
        },
      }))
    ),
    effects: linearGroups.flatMap(({ reads: site }) =>
      tokenSets.map((set) => ({
        ...{ site, set, range: estimate(0.9), kurtosis: estimate(0.9) },
        ...{ error: estimate(0.9), errorOverRandom: estimate(1) },
      }))
    ),
  }));
  const outliers = drawOutliers(outlierRows, {
    ...{ bits: 8, K: 3, windows: 8 },
    pruning: { beta: 0.3, layers: [count / 2], positions: "renumber" },
  });

  const siteChannels = drawSiteChannels(
    ofModels((model) => ({
      model,
      layers: channelSites.flatMap((site) =>
        layers.map((layer) => ({
          ...{ site, layer, persistence: estimate(spreadOver(0.01, 1)) },
          outliers: Array.from({ length: 5 }, (_, index) => (
            { channel: 4090 - 7 * index - layer, test: spreadOver(0.1, 1), validation: 0.5 }
          )),
        }))
      ),
      overlaps: channelSites.map((site) => ({ site, count: 9, overlap: estimate(0.8) })),
    })),
    { outlying: 2, often: 0.1, windows: 8 },
  );

  const methods = [
    ...["RTN", "GPTQ", "AgileQ-8", "AgileQ-8*", "FP16*", "AWQ", "AgileQ-8 activations"],
    ...["AgileQ-8 activations*", "AgileQ-4", "AgileQ-4*", "AgileQ-4/8"],
  ];
  const divergence = drawDivergence(names.flatMap((model) =>
    methods.map((method, index) => (
      { model, method, divergence: spreadOver(0.005, 0.5), relative: estimate(1 + 0.1 * index) }
    ))
  ));

  const stressSettings = { outliers: 4, bits: 8, largestPowers: [1, 2, 3, 4, 5, 6], usedPower: 3 };
  const stress = drawStress(
    ofModels((model) => ({
      model,
      points: [1, 2, 4, 8, 16, 32, 64, 128, 256].map((factor) => ({
        factor,
        stressed: [...stressFormats(stressSettings).keys()].map((steps, power) => ({
          ...{ steps, error: estimate(1e-5 * factor ** 2 / 4 ** power) },
          ...{ ratio: estimate(1 + factor / 2 ** power / 50), perplexity: estimate(4) },
        })),
      })),
    })),
    stressSettings,
  );

  const reading = readingOf([1.3, 1.4]);
  const tables = names.map((model, index): MeasuredTable => {
    const measured = measuredModel({ survivors: reading, denseOnSurvivors: reading });
    const cells = Object.values(measured.cells).map((cell) => ({ ...cell, model }));
    const { number } = familyTables[index % 3];
    return { number, table: { title: "", columns: [], rows: [] }, claims: [], cells };
  });

  const rivals = drawPareto(
    names.flatMap((model) =>
      namedTables.flatMap(({ rows }) => rows).map(({ label: method }) => (
        { model, method, bits: spreadOver(2, 17), divergence: spreadOver(1e-7, 8) }
      ))
    ),
    "weight",
  );
  const kernels = kernelRows(await readBenchRecord("int4"));
  return [
    ["figure 1", figure1.spec],
    ["figure 2", drawFigure2(profileRows(await readBenchRecord("block"))).spec],
    ["figure 3", figure3.spec],
    ["figure 4", figure4.spec],
    ["figure 5", drawFigure5({ ratios: speedRatios(kernels), trace: figure5Trace() }).spec],
    ["figure 6", figure6.spec],
    [
      "figure 7",
      drawFigure7(
        ofModels((model) => ({ model, validation: plans, test: plans[0], random: plans[1] })),
      ).spec,
    ],
    ["figure 8", drawFigure8(ofModels((model) => ({ model, points: byWindow }))).spec],
    ["outliers", outliers.spec],
    ["summary", drawSummary(figure1Rows[0], outlierRows[0]).spec],
    ["attention moved", movementChart(figure1Rows[0].attention, 16)],
    ["channels", siteChannels.spec],
    ["sensitivity", sensitivity.spec],
    ["divergence", divergence.spec],
    ["stress", stress.spec],
    ["rivals", rivals.spec],
    ["relative perplexity", drawRelativePerplexity(tables)],
  ];
}
