import { canonicalJson, require } from "../../lib/core/mod.ts";
import type { SubjectFacts, UnloadedSubject } from "../measure/subject.ts";
import type { RecordedRows } from "./measured_table.ts";
import type { PerplexityTable } from "./family_tables.ts";
import {
  type MeasuredCell,
  type MeasuredModel,
  measureModels,
  type MeasureOptions,
  planModels,
  type RowCell,
} from "./measure_models.ts";
import type { MeasuredRows } from "./measured_rows.ts";

/** Whether rows of a table are measured as this one was. */
export type IsSame = (cell: Pick<MeasuredCell, "row" | "config">) => boolean;

/** Earlier records of tables by the keys of these. */
export type EarlierRecords = ReadonlyMap<string, RecordedRows>;

/**
 * Refuses a record some of whose rows would be dropped by adding others: they are of other models, texts, windows
 * or settings, or multiplied otherwise.
 *
 * @param path Of the record.
 * @param isSame Whether the table still has such a row on one of the models that are measured now.
 */
export function requireKeepable<Cell extends { id: string }>(
  { cells }: { cells: readonly Cell[] },
  path: string,
  isSame: (cell: Cell) => boolean,
): void {
  const other = cells.find((cell) => !isSame(cell));
  const rule =
    "its rows must be of the same model, texts, windows, settings and backend, or --out " +
    "another folder";
  require(other === undefined, `add rows to ${path}`, rule, other?.id);
}

/** Whether a row is one of these, on the model and with the settings that it has there. */
export function isAmong(planned: readonly Pick<RowCell, "row" | "config">[]): IsSame {
  const known = new Set(planned.map(({ row, config }) => canonicalJson([row, config])));
  return ({ row, config }) => known.has(canonicalJson([row, config]));
}

/** Whether a row was measured with the weights, texts, windows and backend of a subject, whatever its method. */
export function isMeasuredOn({ facts }: Pick<UnloadedSubject, "facts">): IsSame {
  const textOf = ({ validationText: _, ...rest }: SubjectFacts) => canonicalJson(rest);
  const known = textOf(facts);
  return ({ config: { method: _, methodSettings: _s, pruning: _p, execute: _e, ...own } }) =>
    textOf(own) === known;
}

/**
 * A model with the rows that an earlier record of its table has and that were not measured now: those measured with
 * the same weights, texts, windows and settings, whatever the code was. Each says which commit measured it.
 */
export function keepRows(model: MeasuredModel, record: RecordedRows): MeasuredModel {
  const { name, table, planned, refusals } = model;
  const isPlanned = isAmong(Object.entries(planned).map(([row, config]) => ({ row, config })));
  const kept = keptCells(
    record,
    { table: table.key, model: name },
    (cell) => !model.cells[cell.row] && !refusals[cell.row] && isPlanned(cell),
  );
  const cells = { ...model.cells };
  const seconds = { ...model.seconds };
  for (const { cell, taken } of kept) {
    cells[cell.row] = cell;
    if (taken !== undefined) seconds[cell.row] = taken;
  }
  const rows = Object.keys(planned).filter((row) => cells[row]);
  return { ...model, cells: Object.fromEntries(rows.map((row) => [row, cells[row]])), seconds };
}

/**
 * The rows of tables on models: those that earlier records have of a model, with nothing measured, or else those
 * that are asked for, all unless that says which.
 *
 * @returns One for each model and table, models that are in the records first.
 * @throws {InputError} If none of the tables is about a model's family, or has a row that is asked for.
 * @throws The signal's reason once it is aborted.
 */
export async function recordedModels(
  subjects: readonly UnloadedSubject[],
  tables: readonly PerplexityTable[],
  earlier: EarlierRecords,
  { rows, ...options }: MeasureOptions,
): Promise<MeasuredModel[]> {
  const planned = await planModels(subjects, tables, options);
  const keys = planned.flatMap(({ cells }) => cells.map(({ row }) => row));
  const other = rows?.find((row) => !keys.includes(row));
  require(other === undefined, "measure rows", "they must be of these tables", other);
  const isRecorded = (subject: UnloadedSubject) =>
    planned.some((own) =>
      own.subject === subject && earlier.get(own.table.key)?.cells.some(isAmong(own.cells))
    );
  const { known = [], unknown = [] } = Object.groupBy(
    subjects,
    (subject) => isRecorded(subject) ? "known" : "unknown",
  );
  const models = [
    ...await measureModels(known, tables, { ...options, rows: [] }),
    ...await measureModels(unknown, tables, { ...options, rows }),
  ];
  return models.map((model) => {
    const record = earlier.get(model.table.key);
    return record ? keepRows(model, record) : model;
  });
}

/** What {@linkcode withKept} needs to know of a table. */
export interface KeepingTable<Cell> {
  /** How the labels of its rows begin: `ablations`. */
  table: string;
  /** Which of two rows comes first, as of `sort`. */
  order: (one: Cell, other: Cell) => number;
}

/**
 * Rows of a model with those that an earlier record of their table has of it and that were not measured now, as
 * {@linkcode keepRows} has them.
 */
export function withKept<Cell extends MeasuredCell, Rows extends MeasuredRows<Cell>>(
  rows: Rows,
  record: RecordedRows<Cell>,
  { table, order }: KeepingTable<Cell>,
): Rows {
  const { subject, cells, refused } = rows;
  const isOwn = isMeasuredOn(subject);
  const place = { table, model: subject.model.name };
  const kept = keptCells(
    record,
    place,
    (cell) => !cells.has(cell.row) && !refused.has(cell.row) && isOwn(cell),
  );
  const all = [...cells.values(), ...kept.map(({ cell }) => cell)].sort(order);
  return { ...rows, cells: new Map(all.map((cell) => [cell.row, cell])) };
}

/** Rows of a record as they stand in a table of today, and what each took. */
function keptCells<Cell extends MeasuredCell>(
  { cells, provenance: { commit, seconds = {} } }: RecordedRows<Cell>,
  { table, model }: { table: string; model: string },
  isKept: IsSame,
): { cell: Cell; taken?: number }[] {
  return cells.filter(isKept).map((cell) => {
    const id = `${table}/${model}/${cell.row}`; // the model may have another name now
    const now = { ...cell, id, model, commit: cell.commit ?? commit };
    return { cell: now, taken: seconds[cell.id] };
  });
}

/**
 * Which rows are kept from earlier records, a line for each commit.
 *
 * @param title What captions call their model, or all of them.
 * @param labelOf What they call a row.
 */
export function describeKept<Cell extends Pick<MeasuredCell, "commit">>(
  title: string,
  cells: Iterable<Cell>,
  labelOf: (cell: Cell) => string,
): string[] {
  const kept = [...cells].filter(({ commit }) => commit !== undefined);
  return [...Map.groupBy(kept, ({ commit }) => commit)].map(([commit, own]) =>
    `${title}: measured earlier, by the code of commit ${commit ?? "unknown"}: ` +
    own.map(labelOf).join("; ")
  );
}
