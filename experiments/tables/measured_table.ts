import { isObject } from "../../lib/io/mod.ts";
import { isListOf, isTable, isText, readRecord } from "../result/result_record.ts";
import type { PublishedTable } from "./claim_table.ts";
import type { MeasuredCell } from "./measure_model.ts";
import { type PaperTable, paperTables } from "./paper_tables.ts";

/** One of tables 1-3 with our measurements, as `results/` has it. */
export interface MeasuredTable extends PublishedTable {
  number: PaperTable["number"];
  /** At least one. */
  cells: MeasuredCell[];
}

/** What its file holds: which table it is, the file's name says. */
type MeasuredRecord = Omit<MeasuredTable, "number">;

const command = "deno task reproduce";

/**
 * Reads one of tables 1-3 with its cells, as `deno task reproduce` wrote it.
 *
 * @param folder Where it stands as `table1.json`, such as `results`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readMeasuredTable(
  folder: string,
  number: PaperTable["number"],
): Promise<MeasuredTable> {
  const record = await readRecord(`${folder}/table${number}.json`, command, isMeasuredRecord);
  return { ...record, number };
}

/**
 * Reads any of tables 1-4, as `deno task reproduce` wrote it.
 *
 * @param path Such as `results/table4.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readPublishedTable(path: string): Promise<PublishedTable> {
  return await readRecord(path, command, isPublishedTable);
}

/** Whether a value from a file is one of tables 1-4. */
export function isPublishedTable(value: unknown): value is PublishedTable {
  return isObject(value) && isTable(value.table) && isListOf(value.claims, isClaim);
}

function isMeasuredRecord(value: unknown): value is MeasuredRecord {
  if (!isPublishedTable(value)) return false;
  const { cells } = value as Partial<MeasuredRecord>;
  return isListOf(cells, isCell) && cells.length > 0;
}

function isClaim(value: unknown): boolean {
  return isObject(value) && [value.claim, value.verdict, value.evidence].every(isText);
}

function isCell(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.config) || !isObject(value.result)) return false;
  const { survivors } = value.result;
  return isText(value.id) && isText(value.row) && isObject(survivors) &&
    isListOf(survivors.windowLosses, (loss) => typeof loss === "number");
}

/**
 * Reads what was measured for all three perplexity tables.
 *
 * @param folder Where `deno task reproduce` wrote them.
 * @throws {InputError} As {@linkcode readMeasuredTable} does.
 */
export async function readMeasuredTables(folder: string): Promise<MeasuredTable[]> {
  return await Promise.all(
    paperTables.map(({ number }) => readMeasuredTable(folder, number)),
  );
}
