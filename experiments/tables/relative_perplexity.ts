import { type Estimate, exactVerdict, mapEstimate, mean } from "../../lib/core/mod.ts";
import { perplexityRatio } from "../../lib/eval/mod.ts";
import { barChart, panels, type PlotlySpec, type Table } from "../../lib/report/mod.ts";
import { baselineName } from "../result/baseline.ts";
import { findingNotes } from "../result/finding.ts";
import type { MeasuredCell } from "./measure_models.ts";
import type { MeasuredTable } from "./measured_table.ts";
import { type FamilyTable, familyTables, type PrintedRow } from "./family_tables.ts";
import { offScale } from "./table_rows.ts";

/**
 * Perplexity over that of FP16, in percent more: the paper's models on average and ours, each over its
 * own FP16, table by table. Rows without pruning only, as pruned ones score other tokens.
 *
 * @param published Any perplexity tables.
 */
export function drawRelativePerplexity(published: readonly MeasuredTable[]): PlotlySpec {
  const charts = published.map(({ number, cells }, index) => {
    const paper = familyTables.find((each) => each.number === number)!;
    const models = Map.groupBy(cells, ({ model }) => model);
    const rows = paper.rows.filter(({ measured }) =>
      measured.pruning === null && !["fp16", ...offScale].includes(measured.key)
    );
    const last = index === published.length - 1;
    return barChart({
      title: `${paper.family}: paper and ${[...models.keys()].join(", ")}`,
      categories: rows.map(({ measured }) => measured.label),
      x: { title: "" },
      y: { title: `perplexity above ${baselineOf(cells)}`, unit: "%", fromZero: true },
      series: [
        {
          name: "paper, mean of its models",
          values: rows.map((row) => {
            const ratio = paperRatio(paper, row);
            return ratio === null ? null : { value: more(ratio) };
          }),
          reference: true,
        },
        ...[...models].map(([model, own]) => ({
          name: models.size > 1 ? model : "measured here",
          values: rows.map(({ measured }) => moreThanFull(own, measured.key)),
        })),
      ],
      legend: last || models.size > 1,
      width: 320,
      height: 330,
    });
  });
  return panels([charts], "What quantization costs");
}

/** What the bars of a table are held against: several models may differ in it. */
function baselineOf(cells: readonly MeasuredCell[]): string {
  const measured = cells.filter(({ row }) => row === "fp16");
  const names = new Set(measured.map(({ result }) => baselineName(result.storage)));
  return ["FP16", ...names.difference(new Set(["FP16"]))].join(" or ");
}

const more = (ratio: number) => 100 * (ratio - 1);

/** A row's perplexity over that of FP16 of the same model; null where one of them was not measured. */
function moreThanFull(cells: readonly MeasuredCell[], row: string): Estimate | null {
  const lossesOf = (key: string) =>
    cells.find((cell) => cell.row === key)?.result.survivors.windowLosses;
  const [losses, full] = [lossesOf(row), lossesOf("fp16")];
  if (!losses || !full) return null;
  return mapEstimate(perplexityRatio(losses, full), more);
}

/** The mean over models and data sets of a row's perplexity over that of FP16; null without any. */
function paperRatio(paper: FamilyTable, row: PrintedRow): number | null {
  const known = ratiosOf(paper, row);
  return known.length > 0 ? mean(known) : null;
}

/** Those that the paper prints. */
function ratiosOf({ rows }: FamilyTable, { perplexities }: PrintedRow): number[] {
  const full = rows[0].perplexities;
  return perplexities.flatMap((value, index) => value === null ? [] : [value / full[index]!]);
}

/** What AgileQ-8 adds to the perplexity of FP16 in the paper's own figures, family by family. */
export function paperLossTable(): Table {
  const families = familyTables.filter(({ columns }) => columns.length > 0).map((paper) => {
    const ratios = ratiosOf(paper, paper.rows.find(({ label }) => label === "AgileQ-8")!);
    return { family: paper.family, ratios, below: ratios.filter((ratio) => ratio < 1.1).length };
  });
  return {
    title: "AgileQ-8 against FP16 in the paper's own figures",
    columns: ["family", "models and data sets", "mean, % more", "most, % more", "below 10 %"],
    rows: families.map(({ family, ratios, below }) => [
      family,
      ratios.length,
      { value: 100 * (mean(ratios) - 1), digits: 1 },
      { value: 100 * (Math.max(...ratios) - 1), digits: 1 },
      below,
    ]),
    notes: findingNotes(families.map(({ family, ratios, below }) => ({
      claim: `AgileQ-8 loses less than 10 % on every ${family} of the paper`,
      verdict: exactVerdict(below === ratios.length),
      evidence: `${below} of ${ratios.length}`,
    }))),
  };
}
