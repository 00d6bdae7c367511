import type { Storage } from "../../lib/format/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import { baselineName, namesOn } from "../result/baseline.ts";
import type { BenchRecord } from "../result/bench_record.ts";
import type { MeasuredModel } from "./measure_models.ts";
import { ownRow, type PerplexityTable, type PrintedRow } from "./family_tables.ts";
import { costNotes, operationsOf } from "./map_costs.ts";
import { type Measures, measuresOf, speedNotes } from "./measures.ts";
import { isCounted, isNamed } from "./named_tables.ts";

const paperColumns =
  "columns of the paper are its own figures, of its own models, as are average bits; the others were measured here, " +
  "and perplexities of other models or on another text cannot be compared with them. ";
const readingColumns =
  "survivors: scored on the positions that survived pruning, all of them where nothing " +
  "is pruned (the released protocol); denseOnSurvivors: the same quantized model without pruning " +
  "on those positions; allPositions: every position, pruned ones exiting early; KL divergence in " +
  "nats per token and top-1 agreement on the survivors; intervals are 95 %. ";
const costColumns =
  "KL divergence in nats per token from the model in full precision and top-1 agreement with it; bits per " +
  "weight: all that is stored for the linear maps of the blocks, scales, zero points and what is kept " +
  "beside the codes included; bits per activation: the codes that linear maps read, and 16 in columns that " +
  "stay in F16, on average over their inputs, without their steps; intervals are 95 %";
const paperRows = "Rows marked (ours) or (table 4) are not in the paper's table; ";
const fourBitRows = "AgileQ-4/8 half of the tokens take four bits";

/**
 * A table of perplexities: the measured columns before the paper's, where it has any.
 *
 * @param notes What to say below it, after the legend of the columns.
 * @param timings Of `deno task bench block`, for the speeds of tables with a name.
 */
export function renderTable(
  table: PerplexityTable,
  models: MeasuredModel[],
  notes: string[],
  timings?: BenchRecord,
): Table {
  const shownOf = models.map((model) => [model, measuresOf(table, model, timings)] as const);
  const headings = shownOf.flatMap(([{ title, storage }, measures]) =>
    Object.keys(measures).map((measure) => `${title}: ${headingOf(measure, storage)}`)
  );
  return {
    title: table.title,
    columns: [
      "Method",
      "Weight",
      "Activation",
      ...isCounted(table) ? ["Operations per product"] : [],
      ...headings,
      ...table.columns.map((name) => name.replace(/(\S+) (.+)/, "the paper on $2: $1")),
    ],
    rows: rowsOf(table, models).map(({ row, shown }) => [
      row.origin ? `${row.label} (${row.origin})` : row.label,
      row.weight,
      row.activation,
      ...isCounted(table) ? [operationsOf(row.measured!)] : [],
      ...shownOf.flatMap(([model, measures]) =>
        shown.includes(model) ? measuredCells(row, model, measures) : noCells(measures)
      ),
      ...row.perplexities.map((value) => value === null ? null : { value, digits: 2 }),
    ]),
    notes: [
      legendOf(table),
      ...isCounted(table) ? costNotes(table) : [],
      ...speedNotes(table, models, timings),
      ...notes,
    ],
  };
}

/** A row, and the models that have their figures in it. */
interface ShownRow {
  row: PrintedRow;
  shown: readonly MeasuredModel[];
}

/**
 * The rows that are measured, once for all models whose weights are floats, which those of the paper are,
 * and once for all that are dequantized from the same form. Rows that nobody has asked for on any model,
 * and of which the paper has no figure, are left out.
 */
function rowsOf({ rows, columns }: PerplexityTable, models: readonly MeasuredModel[]): ShownRow[] {
  const groups = Map.groupBy(models, ({ storage }) => baselineName(storage));
  const { FP16: floats = [], ...others } = Object.fromEntries(groups);
  const hasFloats = floats.length > 0 || columns.length > 0 || models.length === 0;
  const isBlank = ({ row: { measured, perplexities }, shown }: ShownRow) =>
    models.length > 0 && perplexities.every((figure) => figure === null) &&
    !shown.some(({ cells, refusals }) => cells[measured.key] ?? refusals[measured.key]);
  return [
    ...hasFloats ? rows.map((row) => ({ row, shown: floats })) : [],
    ...Object.values(others).flatMap((shown) =>
      rows.map((row) => ({ row: rowOn(shown[0].storage, row), shown }))
    ),
  ].filter((shown) => !isBlank(shown));
}

/** A row of models with these weights, of which the paper has none. */
function rowOn(storage: Storage, row: PrintedRow): PrintedRow {
  const { method, pruning } = row.measured;
  const names = { ...ownRow(row.measured), title: row.label };
  const { title, ...bits } = namesOn(storage, methods[method].settings, names);
  const label = pruning && !title.endsWith("*") ? `${title}*` : title;
  return { ...row, label, ...bits, perplexities: row.perplexities.map(() => null) };
}

/** `KL to FP`, or what else it is to. */
function headingOf(measure: string, storage: Storage): string {
  const baseline = baselineName(storage);
  return baseline === "FP16" ? measure : measure.replace(/^KL to FP$/, `KL to ${baseline}`);
}

const noCells = (measures: Measures): TableCell[] => Object.keys(measures).map(() => null);

function measuredCells(
  { measured }: PrintedRow,
  { cells, refusals }: MeasuredModel,
  measures: Measures,
): TableCell[] {
  const { key } = measured;
  const cell = cells[key];
  if (cell) return Object.values(measures).map((show) => show(cell));
  const none = noCells(measures);
  return refusals[key] === undefined ? none : none.with(0, "refused");
}

/** What columns and rows mean. */
function legendOf(table: PerplexityTable): string {
  if (isNamed(table)) return costColumns;
  return table.columns.length > 0
    ? paperColumns + readingColumns + `${paperRows}in ${fourBitRows}`
    : `${readingColumns}In ${fourBitRows}`;
}
