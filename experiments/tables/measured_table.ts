import { exists, isObject } from "../../lib/io/mod.ts";
import { isProvenance, type Provenance } from "../result/provenance.ts";
import { isListOf, isText, readRecord } from "../result/result_record.ts";
import type { MeasuredCell } from "./measure_models.ts";
import { familyTables } from "./family_tables.ts";
import { isPublishedTable, type PublishedTable } from "./published_table.ts";

/** A perplexity table with our measurements, as `results/` has it. */
export interface MeasuredTable extends PublishedTable {
  number: number;
  /** At least one. */
  cells: MeasuredCell[];
}

/** What its file holds: which table it is, the file's name says. */
type MeasuredRecord = Omit<MeasuredTable, "number">;

/** The file of any table whose rows are measured, and where it comes from. */
export interface RecordedRows<Cell extends MeasuredCell = MeasuredCell> extends MeasuredRecord {
  provenance: Provenance;
  /** At least one. */
  cells: Cell[];
}

/**
 * Reads a table with its cells that a command wrote, if it is there.
 *
 * @param path Such as `results/rivals.json`.
 * @param command As messages call it.
 * @param isOwn Whether a cell has what those of this table have besides.
 * @throws {InputError} If it is not such a file.
 */
export async function readRecordedRows<Cell extends MeasuredCell = MeasuredCell>(
  path: string,
  command: string,
  isOwn: (cell: object) => boolean = () => true,
): Promise<RecordedRows<Cell> | undefined> {
  const isWhole = (value: unknown): value is RecordedRows<Cell> =>
    isRecordedRows(value) && value.cells.every(isOwn);
  return await exists(path) ? await readRecord(path, command, isWhole) : undefined;
}

/**
 * Reads a perplexity table with its cells, as `deno task reproduce` wrote it.
 *
 * @param folder Where it stands as `table1.json`, such as `results`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readMeasuredTable(
  folder: string,
  number: number,
): Promise<MeasuredTable> {
  const path = `${folder}/table${number}.json`;
  return { ...await readRecord(path, "deno task reproduce", isMeasuredRecord), number };
}

/**
 * Reads the perplexity tables in a folder: those of the bundled models, or of others.
 *
 * @param folder Where `deno task reproduce` wrote them.
 * @throws {InputError} As {@linkcode readMeasuredTable} does, or if there is none.
 */
export async function readMeasuredTables(folder: string): Promise<MeasuredTable[]> {
  const numbers = familyTables.map(({ number }) => number);
  const there: number[] = [];
  for (const number of numbers) {
    if (await exists(`${folder}/table${number}.json`)) there.push(number);
  }
  return await Promise.all(
    (there.length > 0 ? there : numbers.slice(0, 1)).map((number) =>
      readMeasuredTable(folder, number)
    ),
  );
}

function isMeasuredRecord(value: unknown): value is MeasuredRecord {
  if (!isPublishedTable(value)) return false;
  const { cells } = value as Partial<MeasuredRecord>;
  return isListOf(cells, isCell) && cells.length > 0 &&
    new Set(cells.map(({ id }) => id)).size === cells.length;
}

function isRecordedRows(value: unknown): value is RecordedRows {
  return isMeasuredRecord(value) && isProvenance((value as Partial<RecordedRows>).provenance);
}

function isCell(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.config) || !isObject(value.result)) return false;
  const { storage, activationBits = 0 } = value.result;
  if (!isObject(storage) || !isListOf(storage.forms, isText)) return false;
  const { survivors, denseOnSurvivors = survivors, allPositions = survivors } = value.result;
  return [value.id, value.model, value.row].every(isText) &&
    [storage.bitsPerWeight, activationBits].every(isMagnitude) &&
    [survivors, denseOnSurvivors, allPositions].every(isReading);
}

function isReading(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { perplexity, ratio, divergence, agreement, scored, windowLosses } = value;
  return isEstimate(perplexity) && Number.isInteger(scored) &&
    [ratio, divergence, agreement].every((each) => each === undefined || isEstimate(each)) &&
    isListOf(windowLosses, isMagnitude) && windowLosses.length > 0;
}

function isEstimate(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { value: middle, low = middle, high = low } = value;
  return [middle, low, high].every(isMagnitude) && !((low as number) > (high as number));
}

/** Whether a value is a number, and none below 0; one that diverged is infinite or none. */
function isMagnitude(value: unknown): value is number {
  return typeof value === "number" && !(value < 0);
}
