import type { Reading } from "../../lib/eval/mod.ts";
import type { Storage } from "../../lib/format/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import type { Readings } from "../measure/readings.ts";
import { baselineName, namesOn } from "../result/baseline.ts";
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
  const headings = models.flatMap(({ title, storage }) =>
    Object.keys(measures).map((measure) => `${title}: ${headingOf(measure, storage)}`)
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
    rows: rowsOf(table, models).map(({ row, shown }) => [
      row.origin ? `${row.label} (${row.origin})` : row.label,
      row.weight,
      row.activation,
      ...models.flatMap((model) => shown.includes(model) ? measuredCells(row, model) : noCells),
      ...row.perplexities.map((value) => value === null ? null : { value, digits: 2 }),
    ]),
    notes: [legendOf(table), ...notes],
  };
}

/** A row, and the models that have their figures in it. */
interface ShownRow {
  row: FamilyRow;
  shown: readonly MeasuredModel[];
}

/**
 * The rows that are measured, once for all models whose weights are floats, which those of the paper are,
 * and once for all that are dequantized from the same form; behind them those that are not measured. Rows
 * that nobody has asked for on any model, and of which the paper has no figure, are left out.
 */
function rowsOf({ rows, columns }: FamilyTable, models: readonly MeasuredModel[]): ShownRow[] {
  const groups = Map.groupBy(models, ({ storage }) => baselineName(storage));
  const { FP16: floats = [], ...others } = Object.fromEntries(groups);
  const measured = rows.filter(({ measured }) => measured);
  const hasFloats = floats.length > 0 || columns.length > 0 || models.length === 0;
  const isBlank = ({ row: { measured, perplexities }, shown }: ShownRow) =>
    models.length > 0 && measured && perplexities.every((figure) => figure === null) &&
    !shown.some(({ cells, refusals }) => cells[measured.key] ?? refusals[measured.key]);
  return [
    ...hasFloats ? measured.map((row) => ({ row, shown: floats })) : [],
    ...Object.values(others).flatMap((shown) =>
      measured.map((row) => ({ row: rowOn(shown[0].storage, row), shown }))
    ),
    ...rows.filter(({ measured }) => !measured).map((row) => ({ row, shown: [] })),
  ].filter((shown) => !isBlank(shown));
}

/** A row of models with these weights, of which the paper has none. */
function rowOn(storage: Storage, row: FamilyRow): FamilyRow {
  const { method, pruning } = row.measured!;
  const names = { ...row, title: row.label };
  const { title, ...bits } = namesOn(storage, methods[method].settings, names);
  const label = pruning && !title.endsWith("*") ? `${title}*` : title;
  return { ...row, label, ...bits, perplexities: row.perplexities.map(() => null) };
}

/** `KL to FP`, or what else it is to. */
function headingOf(measure: string, storage: Storage): string {
  const baseline = baselineName(storage);
  return baseline === "FP16" ? measure : measure.replace(/^KL to FP$/, `KL to ${baseline}`);
}

const noCells: TableCell[] = Object.keys(measures).map(() => null);

function measuredCells({ measured }: FamilyRow, { cells, refusals }: MeasuredModel): TableCell[] {
  const { key } = measured!;
  const result = cells[key]?.result;
  if (result) return Object.values(measures).map((cell) => cell(result));
  return refusals[key] === undefined ? noCells : noCells.with(0, "refused");
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
