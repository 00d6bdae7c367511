import { mean } from "../../lib/core/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import {
  harmedByStart,
  judgeOutliers,
  type OutlierRow,
  setNames,
} from "../draw/outlier_drawing.ts";
import type { LinearSite, TokenSet } from "../measure/outlier_effects.ts";
import { findingNotes } from "../result/finding.ts";
import { formatEstimate } from "../result/format_estimate.ts";

/**
 * What tokens that are quantized together without the others have over all of them, site by site, with the
 * verdict on the paper's mechanism.
 */
export function effectTable(row: OutlierRow): Table {
  const errorOverRandom = (name: string) =>
    row.effects.find(({ site, set }) => name.startsWith(site) && set === "pruned")!.errorOverRandom;
  return {
    title: "What is left where others are pruned",
    columns: [
      "site",
      "tokens",
      "of the range",
      "of the kurtosis",
      "alpha less that of all",
      "of the error",
    ],
    rows: row.effects.map(({ site, set, range, kurtosis, error }): TableCell[] => [
      site,
      setNames[set],
      { ...range, digits: 3 },
      { ...kurtosis, digits: 3 },
      { value: alphaGained(row, site, set), digits: 3 },
      { ...error, digits: 3 },
    ]),
    notes: findingNotes(
      judgeOutliers(row).map(({ name, verdict }) => ({
        claim: `pruning lowers the error, and further than random pruning, at ${
          name.split(" of ")[0]
        }`,
        verdict,
        evidence: `the one error over the other ${formatEstimate(errorOverRandom(name), 3)}`,
      })),
    ),
  };
}

/** By how much TRIP's mean power grows, mean of the layers behind the pruning. */
function alphaGained({ sites }: OutlierRow, at: LinearSite, set: TokenSet): number {
  const behind = sites.filter(({ site, behindPruning }) => site === at && behindPruning);
  return mean(behind.map(({ all, sets }) => sets[set].alpha - all.alpha));
}

/**
 * What quantization does to all other tokens with the first one in the grid and without it, in the layers where
 * that helps them most.
 *
 * @param count How many layers.
 */
export function startTokenTable({ sites }: OutlierRow, count: number): Table {
  const measured = (value: number): TableCell => Number(value.toPrecision(3));
  return {
    title: "All tokens but the first: with the first in the grid, and without",
    columns: ["site", "layer", "range", "without", "kurtosis", "without", "error", "without"],
    rows: harmedByStart(sites).slice(0, count).map((
      { site, layer, all, sets: { withoutStart: own } },
    ) => [
      site,
      layer,
      ...[all.range, own.range, all.kurtosis, own.kurtosis, own.errorBefore, own.error]
        .map(measured),
    ]),
  };
}
