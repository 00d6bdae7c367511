import { require } from "../core/mod.ts";
import { readJsonLines } from "./json_lines.ts";
import { readParquet } from "./parquet.ts";
import type { RowOptions, Rows } from "./rows.ts";

/** Whether {@linkcode readRows} reads files of this name. */
export function hasRows(path: string): boolean {
  return /\.(parquet|jsonl?(\.gz)?)$/.test(path);
}

/**
 * Reads the texts of a Parquet file, or of lines that are JSON objects: `.json` or `.jsonl`, with or without
 * `.gz`.
 *
 * @throws {InputError} If the file cannot be read, is not what its name says or has no such column.
 */
export async function readRows(path: string, options: RowOptions = {}): Promise<Rows> {
  require(
    hasRows(path),
    `read ${path}`,
    "it must be .parquet, .json, .jsonl or one of the latter .gz",
  );
  return await (path.endsWith(".parquet") ? readParquet : readJsonLines)(path, options);
}
