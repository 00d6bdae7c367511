import type { Table, TableCell } from "../lib/report/mod.ts";
import type { Reading } from "../lib/eval/mod.ts";
import type { MeasuredModel } from "./measure.ts";
import type { Readings } from "./readings.ts";
import type { PaperRow, PaperTable } from "./tables.ts";

/** The columns measured for each model. */
const measures: Record<string, (readings: Readings) => TableCell> = {
  "perplexity (survivors)": ({ survivors }) => perplexityCell(survivors),
  "denseOnSurvivors": ({ denseOnSurvivors }) => perplexityCell(denseOnSurvivors),
  "allPositions": ({ allPositions }) => perplexityCell(allPositions),
  "KL to FP": ({ survivors }) => ({ value: survivors.divergence!, digits: 4 }),
  "top-1 agreement": ({ survivors }) => ({ value: survivors.agreement!, digits: 4 }),
};

const legend =
  "survivors: scored on the positions that survived pruning, all of them where nothing " +
  "is pruned (the released protocol); denseOnSurvivors: the same quantized model without pruning " +
  "on those positions; allPositions: every position, pruned ones exiting early; KL divergence in " +
  "nats per token and top-1 agreement on the survivors; intervals are 95 %. Rows marked (ours) or " +
  "(table 4) are not in the paper's table; in AgileQ-4/8 half of the tokens take four bits";

/**
 * The paper's table with the measured columns beside its own.
 *
 * @param notes What to say below it, after the legend of the measured columns.
 */
export function renderTable(paper: PaperTable, models: MeasuredModel[], notes: string[]): Table {
  const headings = models.flatMap(({ name }) =>
    Object.keys(measures).map((measure) => `${name} ${measure}`)
  );
  return {
    title: `Table ${paper.number}: ${paper.title}`,
    columns: [
      "Method",
      "Weight",
      "Activation",
      ...paper.columns.map((name) => `paper ${name}`),
      ...headings,
    ],
    rows: paper.rows.map((row) => [
      row.origin ? `${row.method} (${row.origin})` : row.method,
      row.weight,
      row.activation,
      ...row.perplexities.map((value) => value === null ? null : { value, digits: 2 }),
      ...models.flatMap((model) => measuredCells(row, model)),
    ]),
    notes: [legend, ...notes],
  };
}

function measuredCells({ measured }: PaperRow, { cells }: MeasuredModel): TableCell[] {
  const cellOf = Object.values(measures);
  return cellOf.map((cell) => measured ? cell(cells[measured.key].result) : null);
}

function perplexityCell(reading?: Reading): TableCell {
  return reading ? { ...reading.perplexity, digits: 3 } : null;
}
