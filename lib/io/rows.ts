import { refuse } from "../core/mod.ts";

/** The texts of a file that has one in each row. */
export interface Rows {
  readonly length: number;
  /**
   * The text of a row, counted from 0.
   *
   * @throws {InputError} If it has none.
   */
  text(index: number): string;
}

/** Which rows to read. */
export interface RowOptions {
  /** The column with the texts; `text` or else `sentence` unless given. */
  column?: string;
  /** At most so many rows, the first ones; all unless given. */
  limit?: number;
}

/** All texts in one, with something between them. */
export function joinRows(rows: Rows, separator: string): string {
  return Array.from({ length: rows.length }, (_, index) => rows.text(index)).join(separator);
}

/** What data sets call the column with their texts. */
const usualColumns = ["text", "sentence"];

/**
 * The column to read.
 *
 * @param names Of all columns.
 * @param asked The one to read if it is given.
 * @throws {InputError} If it is not there.
 */
export function textColumn(names: readonly string[], path: string, asked?: string): string {
  const wanted = asked === undefined ? usualColumns : [asked];
  return wanted.find((name) => names.includes(name)) ??
    refuse(`read ${path}`, `it must have a column ${wanted.join(" or ")}`, names);
}
