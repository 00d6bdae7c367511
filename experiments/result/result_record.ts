import { decodeJson, InputError, refuse } from "../../lib/core/mod.ts";
import { isObject, parseJson, readText } from "../../lib/io/mod.ts";
import type { Drawing, Figure, Table } from "../../lib/report/mod.ts";

/**
 * Reads a record that a command wrote to `results/`.
 *
 * @param command What makes the record anew, for the message: `deno task reproduce`.
 * @param isWhole Whether the content has everything that its readers rely on.
 * @throws {InputError} If the file is missing, damaged or not such a record.
 */
export async function readRecord<Content>(
  path: string,
  command: string,
  isWhole: (value: unknown) => value is Content,
): Promise<Content> {
  const refuseIt = () => refuse(`read ${path}`, `it must be a record that "${command}" wrote`);
  const content = await readText(path).then((text) => {
    parseJson(text, path); // refuses what has a key twice, of which one would get lost
    return decodeJson(text);
  }).catch(refuseIt);
  return isWhole(content) ? content : refuseIt();
}

/**
 * What is made of records whose parts are not all checked when they are read: whatever else goes wrong is blamed
 * on them.
 *
 * @param paths The files of the records.
 * @param command As of {@linkcode readRecord}.
 * @throws {InputError} If `make` throws.
 */
export function madeOf<Made>(paths: readonly string[], command: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const rule = `it must be as "${command}" writes it`;
    refuse(`read ${paths.join(" and ")}`, rule, (error as Error).message);
  }
}

/** Whether a value from a file is a table that can be shown. */
export function isTable(value: unknown): value is Table {
  if (!isObject(value)) return false;
  const { title, columns, rows, notes = [] } = value;
  return typeof title === "string" && isListOf(columns, isText) && isListOf(notes, isText) &&
    isListOf(rows, (row) => isListOf(row, isTableCell) && row.length === columns.length);
}

function isTableCell(cell: unknown): boolean {
  if (!isObject(cell)) return cell === null || typeof cell === "string" || typeof cell === "number";
  const { value, low = 0, high = 0, digits } = cell;
  return [value, low, high].every((figure) => typeof figure === "number") &&
    Number.isInteger(digits) && digits as number >= 0 && digits as number <= 100;
}

/** Whether a value from a file is a figure that can be shown. */
export function isFigure(value: unknown): value is Figure {
  if (!isObject(value)) return false;
  const { name, title } = value;
  return name !== "" && [name, title].every(isText) && isDrawing(value);
}

/** Whether a value from a file is a drawing that can be shown. */
export function isDrawing(value: unknown): value is Drawing {
  if (!isObject(value)) return false;
  const { shows, verdict = "", agreement, details, spec } = value;
  return [shows, verdict, agreement].every(isText) && isListOf(details, isText) &&
    isObject(spec) && isListOf(spec.data, isObject) && isObject(spec.layout);
}

/** Whether a value is an array of such items. */
export function isListOf<Item>(
  value: unknown,
  isItem: (item: unknown) => item is Item,
): value is Item[];
export function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is unknown[];
export function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(isItem);
}

/** Whether a value is a string. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}
