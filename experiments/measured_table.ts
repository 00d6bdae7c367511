import { isObject } from "../lib/io/mod.ts";
import type { PublishedTable } from "./claim_table.ts";
import type { MeasuredCell } from "./measure.ts";
import { isListOf, isTable, isText, readRecord } from "./result_record.ts";
import { paperTables } from "./tables.ts";

/** One of tables 1-3 with our measurements, as `results/` has it. */
export interface MeasuredTable extends PublishedTable {
  cells: MeasuredCell[];
}

const command = "deno task reproduce";

/**
 * Reads one of tables 1-3 with its cells, as `deno task reproduce` wrote it.
 *
 * @param path Such as `results/table1.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readMeasuredTable(path: string): Promise<MeasuredTable> {
  return await readRecord(path, command, isMeasuredTable);
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

function isMeasuredTable(value: unknown): value is MeasuredTable {
  return isPublishedTable(value) && isListOf((value as Partial<MeasuredTable>).cells, isCell);
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
    paperTables.map(({ number }) => readMeasuredTable(`${folder}/table${number}.json`)),
  );
}
