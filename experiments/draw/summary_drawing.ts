import { combineVerdicts, counted, describeCases } from "../../lib/core/mod.ts";
import { type Drawing, lineChart, panels, type PlotlySpec } from "../../lib/report/mod.ts";
import type { LayerConcentration } from "../measure/attention_measure.ts";
import type { Figure1Row } from "../measure/figure1_measure.ts";
import type { LinearSite, SiteOutliers, TokenSet } from "../measure/outlier_effects.ts";
import { formatEstimate, formatShare } from "../result/format_estimate.ts";
import { patternVerdict } from "../result/pattern_verdicts.ts";
import { layerRuns } from "./figure1_drawing.ts";
import {
  describeStart,
  errorLeft,
  harmedByStart,
  judgeOutliers,
  type OutlierRow,
  setNames,
} from "./outlier_drawing.ts";

/**
 * Draws what the first token and what pruning do to one model: where it is attended to, how large the values
 * are that it brings, and whose leaving helps quantization.
 *
 * @param attention Of figure 1.
 * @param outliers Of figure `outliers`, of the same model.
 */
export function drawSummary(
  { model, attention }: Pick<Figure1Row, "model" | "attention">,
  outliers: OutlierRow,
): Drawing {
  const [worst] = harmedByStart(outliers.sites);
  const sites = outliers.sites.filter(({ site }) => site === worst.site);
  const cases = judgeOutliers(outliers);
  const start = describeStart(outliers.sites);
  return {
    shows:
      `${model}, layer by layer. a: attention to the first token, mean of windows and heads, in full ` +
      `precision and with quantized activations. b: range of the values at ${worst.site}, with all tokens ` +
      "and without the first one. c: the error that quantizing them adds to the layer's outputs, on a grid " +
      "of some tokens over that on a grid of all, on the same tokens: of those that pruning by attention " +
      "to the first token leaves, of as many random ones, and of all but the first.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper: pruned tokens take outliers with them, so that activations are quantized better. That " +
      `the error falls, and further than where random tokens are pruned, is ${
        describeCases(cases.map(({ name, verdict }) => ({ name: name.split(" of ")[0], verdict })))
      }.`,
    details: [
      describeStripe(attention),
      `${start[0].toUpperCase()}${start.slice(1)}`,
      describePruning(outliers, worst.site),
    ],
    spec: panels([[attentionPanel(attention), rangePanel(sites), errorPanel(sites)]]),
  };
}

/** Whether the first token is attended to, where, and what quantization leaves of that. */
function describeStripe(attention: readonly LayerConcentration[]): string {
  const striped = attention.filter(({ full }) => patternVerdict(full.stripe) === "reproduced");
  const most = attention.reduce((most, each) => each.full.start > most.full.start ? each : most);
  return `The first token has more than twice its share of equal attention in ${striped.length} of ${
    counted(attention.length, "layer")
  } (${layerRuns(striped.map(({ layer }) => layer))}), most in layer ${most.layer} (${
    formatShare(most.full.start)
  }); quantized activations leave it ${
    formatEstimate(attention.at(-1)!.startMoved, 3)
  } of its share in the last layer.`;
}

/** Whose leaving helps. */
function describePruning({ effects }: OutlierRow, site: LinearSite): string {
  const of = (set: TokenSet) =>
    formatEstimate(effects.find((each) => each.site === site && each.set === set)!.error, 3);
  return `At ${site} pruning by attention to the first token, which always stays, leaves ` +
    `${of("pruned")} of the error, random pruning ${
      of("random")
    }, and leaving out the first token ` +
    `alone ${of("withoutStart")}.`;
}

const size = { width: 262, height: 300 };

function attentionPanel(attention: readonly LayerConcentration[]): PlotlySpec {
  const x = attention.map(({ layer }) => layer);
  const curve = (of: (layer: LayerConcentration) => number) => ({
    x,
    y: attention.map((layer) => ({ value: 100 * of(layer) })),
  });
  return lineChart({
    title: "a. attention to the first token",
    x: { title: "layer" },
    y: { title: "share of attention", unit: "%", fromZero: true },
    series: [
      { name: "full precision", ...curve(({ full }) => full.start) },
      { name: "quantized", ...curve(({ quantized }) => quantized.start) },
      { name: "equal", ...curve(({ full }) => full.startIfUniform), reference: true },
    ],
    ...size,
  });
}

function rangePanel(sites: readonly SiteOutliers[]): PlotlySpec {
  const x = sites.map(({ layer }) => layer);
  return lineChart({
    title: `b. range at ${sites[0].site}`,
    x: { title: "layer" },
    y: { title: "greatest value less the least", scale: "log" },
    series: [
      { name: "all tokens", x, y: sites.map(({ all }) => ({ value: all.range })) },
      {
        name: setNames.withoutStart,
        x,
        y: sites.map(({ sets }) => ({ value: sets.withoutStart.range })),
      },
    ],
    ...size,
  });
}

function errorPanel(sites: readonly SiteOutliers[]): PlotlySpec {
  const curve = (set: TokenSet, drawn: readonly SiteOutliers[]) => ({
    name: setNames[set],
    x: drawn.map(({ layer }) => layer),
    y: drawn.map(({ sets }) => ({ value: errorLeft(sets[set]) })),
  });
  const behind = sites.filter(({ behindPruning }) => behindPruning);
  return lineChart({
    title: `c. error of quantizing ${sites[0].site}`,
    x: { title: "layer" },
    y: { title: "left of the error", scale: "log" },
    series: [
      curve("pruned", behind),
      curve("random", behind),
      curve("withoutStart", sites),
    ],
    ...size,
  });
}
