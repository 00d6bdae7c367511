import { exactVerdict, mean } from "../lib/core/mod.ts";
import { perplexityRatio } from "../lib/eval/mod.ts";
import { barChart, panels, type PlotlySpec, type Table } from "../lib/report/mod.ts";
import { findingNotes } from "./finding.ts";
import type { MeasuredTable } from "./measured_table.ts";
import { type PaperRow, type PaperTable, paperTables } from "./tables.ts";

/**
 * Perplexity over that of FP16, in percent more: the paper's models on average and ours, table by
 * table. Rows without pruning only, as pruned ones score other tokens.
 *
 * @param published Any of tables 1-3.
 */
export function drawRelativePerplexity(published: readonly MeasuredTable[]): PlotlySpec {
  const charts = published.map(({ cells }, index) => {
    const paper = paperTables.find(({ number }) => cells[0].id.startsWith(`table${number}/`))!;
    const model = cells[0].id.split("/")[1];
    const dense = cells.filter(({ id, config }) =>
      id.split("/")[1] === model && config.pruning === null
    );
    const full = dense.find(({ row }) => row === "fp16")!.result.survivors;
    const shown = dense.filter(({ row }) => row !== "fp16");
    const rows = shown.map((cell) =>
      paper.rows.find(({ measured }) => measured?.key === cell.row)!
    );
    const more = (ratio: number) => 100 * (ratio - 1);
    const last = index === published.length - 1;
    return barChart({
      title: `${paper.family}: paper and ${model}`,
      bottom: 90,
      categories: rows.map(({ method }) => method),
      x: { title: "" },
      y: { title: "perplexity above FP16", unit: "%", fromZero: true },
      series: [
        {
          name: "paper, mean of its models",
          values: rows.map((row) => {
            const ratio = paperRatio(paper, row);
            return ratio === null ? null : { value: more(ratio) };
          }),
          reference: true,
        },
        {
          name: "bundled model",
          values: shown.map(({ result }) => {
            const ratio = perplexityRatio(
              result.survivors.windowLosses,
              full.windowLosses,
            );
            const [low, high] = [ratio.low, ratio.high].map((end) => end && more(end));
            return { value: more(ratio.value), low, high };
          }),
        },
      ],
      legend: last,
      width: last ? 470 : 320,
      height: 360,
    });
  });
  return panels([charts], "What quantization costs");
}

/** The mean over models and data sets of a row's perplexity over that of FP16; null without any. */
function paperRatio(paper: PaperTable, row: PaperRow): number | null {
  const known = ratiosOf(paper, row);
  return known.length > 0 ? mean(known) : null;
}

/** Those that the paper prints. */
function ratiosOf({ rows }: PaperTable, { perplexities }: PaperRow): number[] {
  const full = rows[0].perplexities;
  return perplexities.flatMap((value, index) => value === null ? [] : [value / full[index]!]);
}

/** What AgileQ-8 adds to the perplexity of FP16 in the paper's own figures, family by family. */
export function paperLossTable(): Table {
  const families = paperTables.map((paper) => {
    const ratios = ratiosOf(paper, paper.rows.find(({ method }) => method === "AgileQ-8")!);
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
