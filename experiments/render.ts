import type { Table, TableCell } from "../lib/report/mod.ts";
import type { EvaluationResult } from "./evaluation.ts";
import type { MeasuredModel } from "./measure.ts";
import type { PaperRow, PaperTable } from "./tables.ts";

/** The columns measured for each model. */
const measures: { heading: string; cell: (result: EvaluationResult) => TableCell }[] = [
  {
    heading: "perplexity (survivors)",
    cell: ({ survivors }) => ({ ...survivors.perplexity, digits: 3 }),
  },
  {
    heading: "denseOnSurvivors",
    cell: ({ denseOnSurvivors: reading }) => reading ? { ...reading.perplexity, digits: 3 } : null,
  },
  {
    heading: "allPositions",
    cell: ({ allPositions: reading }) => reading ? { ...reading.perplexity, digits: 3 } : null,
  },
  {
    heading: "KL to FP",
    cell: ({ survivors }) => ({ value: survivors.divergence!, digits: 4 }),
  },
  {
    heading: "top-1 agreement",
    cell: ({ survivors }) => ({ value: survivors.agreement!, digits: 4 }),
  },
];

/** The paper's table with the measured columns beside its own. */
export function renderTable(paper: PaperTable, models: MeasuredModel[], notes: string[]): Table {
  const columns = [
    "Method",
    "Weight",
    "Activation",
    ...paper.columns.map((name) => `paper ${name}`),
  ];
  for (const { name } of models) {
    columns.push(...measures.map(({ heading }) => `${name} ${heading}`));
  }
  const rows = paper.rows.map((row): TableCell[] => [
    row.method,
    row.weight,
    row.activation,
    ...row.perplexities.map((value) => value === null ? null : { value, digits: 2 }),
    ...models.flatMap((model) => measuredCells(row, model)),
  ]);
  return { title: `Table ${paper.number}: ${paper.title}`, columns, rows, notes };
}

function measuredCells(row: PaperRow, model: MeasuredModel): TableCell[] {
  const result = row.measured && model.cells.get(row.measured.key)?.result;
  return measures.map(({ cell }) => result ? cell(result) : null);
}
