import { isObject } from "../../lib/io/mod.ts";
import type { Drawing, Table } from "../../lib/report/mod.ts";
import { isDrawing, isListOf, isTable, isText, readRecord } from "../result/result_record.ts";

/** What the file of a published table holds, as far as verdicts go. */
export interface PublishedTable {
  table: Table;
  claims: readonly PublishedClaim[];
  /** A picture of it, if it has one. */
  drawing?: Drawing;
}

/** A claim of the paper held against one model, or one instruction level of a machine. */
export interface PublishedClaim {
  claim: string;
  model?: string;
  level?: string;
  /** A verdict; records of former versions have other words. */
  verdict: string;
  evidence: string;
}

/**
 * Reads any of tables 1-4 or one with a name, as `deno task reproduce` wrote it.
 *
 * @param path Such as `results/table4.json`.
 * @throws {InputError} If it is not there or is not such a file.
 */
export async function readPublishedTable(path: string): Promise<PublishedTable> {
  return await readRecord(path, "deno task reproduce", isPublishedTable);
}

/** Whether a value from a file is such a table. */
export function isPublishedTable(value: unknown): value is PublishedTable {
  return isObject(value) && isTable(value.table) && isListOf(value.claims, isClaim) &&
    (value.drawing === undefined || isDrawing(value.drawing));
}

function isClaim(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { claim, model = "", level = "", verdict, evidence } = value;
  return [claim, model, level, verdict, evidence].every(isText);
}
