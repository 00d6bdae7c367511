import { constants } from "node:buffer";
import { refuse, require } from "../core/mod.ts";

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

/**
 * All texts in one, with something between them.
 *
 * @param path The file, for the message.
 * @param longest How many UTF-16 units a text may have; as many as the system allows unless given.
 * @throws {InputError} If they do not fit in one text.
 */
export function joinRows(
  rows: Rows,
  separator: string,
  path: string,
  longest = constants.MAX_STRING_LENGTH,
): string {
  const texts = Array.from({ length: rows.length }, (_, index) => rows.text(index));
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  const rule =
    `its texts together must have at most ${longest} characters, which fit in one string`;
  require(length <= longest, `read ${path}`, rule, length);
  return texts.join(separator);
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
