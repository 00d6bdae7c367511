import { decodeJson, require } from "../lib/core/mod.ts";
import { readText } from "../lib/io/mod.ts";
import type { PublishedTable } from "./claim_table.ts";
import type { MeasuredCell } from "./measure.ts";
import { paperTables } from "./tables.ts";

/** One of tables 1-3 with our measurements, as `results/` has it. */
export interface MeasuredTable extends PublishedTable {
  cells: MeasuredCell[];
}

/**
 * Reads one of tables 1-3 with its cells, as `deno task reproduce` wrote it.
 *
 * @param path Such as `results/table1.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readMeasuredTable(path: string): Promise<MeasuredTable> {
  const record: Partial<MeasuredTable> = await readPublishedTable(path);
  require(record.cells !== undefined, `read ${path}`, "it must hold cells");
  return record as MeasuredTable;
}

/**
 * Reads any of tables 1-4, as `deno task reproduce` wrote it.
 *
 * @param path Such as `results/table4.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readPublishedTable(path: string): Promise<PublishedTable> {
  const record = decodeJson(await readText(path)) as Partial<PublishedTable>;
  const complete = record.table && record.claims;
  require(complete !== undefined, `read ${path}`, "it must hold table and claims");
  return record as PublishedTable;
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
