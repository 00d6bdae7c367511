import { decodeJson, require } from "../lib/core/mod.ts";
import { readText } from "../lib/io/mod.ts";
import type { PublishedTable } from "./claim_table.ts";
import type { MeasuredCell } from "./measure.ts";

/** One of tables 1-3 with our measurements, as `results/` has it. */
export interface MeasuredTable extends PublishedTable {
  cells: MeasuredCell[];
}

/**
 * Reads a table that `deno task reproduce` wrote.
 *
 * @param path Such as `results/table1.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readMeasuredTable(path: string): Promise<MeasuredTable> {
  const record = decodeJson(await readText(path)) as Partial<MeasuredTable>;
  const complete = record.table && record.claims && record.cells;
  require(complete !== undefined, `read ${path}`, "it must hold table, claims and cells");
  return record as MeasuredTable;
}
