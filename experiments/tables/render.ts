import type { Reading } from "../../lib/eval/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import type { Readings } from "../measure/readings.ts";
import type { MeasuredModel } from "./measure_models.ts";
import type { FamilyRow, FamilyTable } from "./family_tables.ts";

/** The columns measured for each model. */
const measures: Record<string, (readings: Readings) => TableCell> = {
  "perplexity (survivors)": ({ survivors }) => perplexityCell(survivors),
  "denseOnSurvivors": ({ denseOnSurvivors }) => perplexityCell(denseOnSurvivors),
  "allPositions": ({ allPositions }) => perplexityCell(allPositions),
  "KL to FP": ({ survivors }) => ({ value: survivors.divergence!.value, digits: 4 }),
  "top-1 agreement": ({ survivors }) => ({ value: survivors.agreement!.value, digits: 4 }),
};

const paperColumns =
  "columns of the paper are its own figures, of its own models; the others were measured here, " +
  "and perplexities of other models or on another text cannot be compared with them. ";
const readingColumns =
  "survivors: scored on the positions that survived pruning, all of them where nothing " +
  "is pruned (the released protocol); denseOnSurvivors: the same quantized model without pruning " +
  "on those positions; allPositions: every position, pruned ones exiting early; KL divergence in " +
  "nats per token and top-1 agreement on the survivors; intervals are 95 %. ";
const paperRows = "Rows marked (ours) or (table 4) are not in the paper's table; ";
const fourBitRows = "AgileQ-4/8 half of the tokens take four bits";
const lastRows = ". The last rows are methods of the paper that are not measured here";

/**
 * The table of a family: the measured columns before the paper's, where it has any, and the measured
 * rows before the others.
 *
 * @param notes What to say below it, after the legend of the columns.
 */
export function renderTable(table: FamilyTable, models: MeasuredModel[], notes: string[]): Table {
  const headings = models.flatMap(({ title }) =>
    Object.keys(measures).map((measure) => `${title}: ${measure}`)
  );
  const [measured, others] = [true, false].map((wanted) =>
    table.rows.filter(({ measured }) => (measured !== undefined) === wanted)
  );
  return {
    title: `Table ${table.number}: ${table.title}`,
    columns: [
      "Method",
      "Weight",
      "Activation",
      ...headings,
      ...table.columns.map((name) => name.replace(/(\S+) (.+)/, "the paper on $2: $1")),
    ],
    rows: [...measured, ...others].map((row) => [
      row.origin ? `${row.label} (${row.origin})` : row.label,
      row.weight,
      row.activation,
      ...models.flatMap((model) => measuredCells(row, model)),
      ...row.perplexities.map((value) => value === null ? null : { value, digits: 2 }),
    ]),
    notes: [legendOf(table), ...notes],
  };
}

function measuredCells({ measured }: FamilyRow, { cells }: MeasuredModel): TableCell[] {
  const result = measured && cells[measured.key]?.result;
  if (result) return Object.values(measures).map((cell) => cell(result));
  const [, ...others] = Object.keys(measures).map(() => null);
  return [measured ? "refused" : null, ...others];
}

function perplexityCell(reading?: Reading): TableCell {
  return reading ? { ...reading.perplexity, digits: 3 } : null;
}

/** What columns and rows mean. */
function legendOf({ columns }: FamilyTable): string {
  return columns.length > 0
    ? paperColumns + readingColumns + `${paperRows}in ${fourBitRows}${lastRows}`
    : `${readingColumns}In ${fourBitRows}`;
}
