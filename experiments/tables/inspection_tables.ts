import {
  combineVerdicts,
  counted,
  describeCases,
  type JudgedCase,
  verdictOf,
} from "../../lib/core/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import type { LayerConcentration, MeasuredConcentration } from "../measure/attention_measure.ts";
import { type LayerChannels, layerOfMost } from "../measure/channel_measure.ts";
import { type Finding, findingNotes } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { patternVerdict, persistenceVerdict } from "../result/pattern_verdicts.ts";

/**
 * Where attention goes, layer by layer: in percent, and as a multiple of what equal attention to all
 * visible tokens would give; with verdicts on the stripe and the diagonal.
 *
 * @param distance How many tokens count as near.
 */
export function concentrationTable(
  layers: readonly Pick<LayerConcentration, "layer" | "full" | "quantized">[],
  distance: number,
): Table {
  const row = (name: string, shares: MeasuredConcentration): TableCell[] => [
    name,
    percent(shares.start),
    { ...shares.stripe, digits: 2 },
    percent(shares.local),
    { ...shares.diagonal, digits: 2 },
  ];
  return {
    title: "Where attention goes",
    columns: [
      "layer",
      "first token, %",
      "times equal attention",
      `nearest ${counted(distance, "token")}, %`,
      "times equal attention",
    ],
    rows: layers.flatMap(({ layer, full, quantized }) => [
      row(`${layer}`, full),
      row(`${layer}, quantized`, quantized),
    ]),
    notes: findingNotes([
      ...judgePattern(layers, "the first token", "stripe"),
      ...judgePattern(layers, `the nearest ${counted(distance, "token")}`, "diagonal"),
    ]),
  };
}

/** Whether a pattern of figure 1 is in the last layer, whether quantization leaves it, and where else. */
function judgePattern(
  layers: readonly Pick<LayerConcentration, "layer" | "full" | "quantized">[],
  who: string,
  pattern: "stripe" | "diagonal",
): Finding[] {
  const { full, quantized } = layers.at(-1)!;
  const claim = `get${who.endsWith("s") ? "" : "s"} more than twice equal attention`;
  const everywhere: JudgedCase[] = layers.map(({ layer, full }) => (
    { name: `layer ${layer}`, verdict: patternVerdict(full[pattern]) }
  ));
  return [
    {
      claim: `${who} ${claim} in the last layer`,
      verdict: patternVerdict(full[pattern]),
      evidence: `${formatEstimate(full[pattern], 2)} times`,
    },
    {
      claim: `${who} ${claim} in the last layer, quantized`,
      verdict: patternVerdict(quantized[pattern]),
      evidence: `${formatEstimate(quantized[pattern], 2)} times`,
    },
    {
      claim: `${who} ${claim} in every layer`,
      verdict: combineVerdicts(everywhere),
      evidence: describeCases(everywhere),
    },
  ];
}

/** How far channels differ, layer by layer, with verdicts on what the paper says of them. */
export function channelTable(layers: readonly LayerChannels[]): Table {
  return {
    title: "Outlier channels",
    columns: [
      "layer",
      "largest over median channel",
      "the same after pruning",
      "outlying in some token",
      "in half of the tokens",
    ],
    rows: layers.map(({ layer, spread, spreadPruned, outliers, persistent }): TableCell[] => [
      `${layer}`,
      { ...spread, digits: 2 },
      { ...spreadPruned, digits: 2 },
      outliers,
      persistent,
    ]),
    notes: findingNotes([judgePersistence(layers), judgePruned(layers)]),
  };
}

/** Whether outliers stay in place: those of the channel and layer that have them most often. */
function judgePersistence(layers: readonly LayerChannels[]): Finding {
  const { layer, persistence } = layerOfMost(layers, "persistence");
  return {
    claim: "some channel is outlying in more than half of the tokens",
    verdict: persistenceVerdict(persistence),
    evidence: `at most in a share of ${formatEstimate(persistence, 3)}, in layer ${layer}`,
  };
}

/** Whether pruning tames the channels, in the layers that it reaches. */
function judgePruned(layers: readonly LayerChannels[]): Finding {
  const cases = layers.map(({ layer, pruningEffect }): JudgedCase => {
    const { value, low, high } = pruningEffect;
    const untouched = value === 1 && low === high;
    return {
      name: `layer ${layer} (${formatEstimate(pruningEffect, 2)})`,
      verdict: untouched ? "not testable here" : verdictOf(pruningEffect, { below: 1 }),
    };
  });
  return {
    claim: "pruning brings the largest channel closer to the median one",
    verdict: combineVerdicts(cases),
    evidence: `after / before: ${describeCases(cases)}`,
  };
}

function percent(share: number): TableCell {
  return { value: 100 * share, digits: 1 };
}
