import { encodeJson } from "../core/mod.ts";
import { requireRectangle } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * The table as JSON, figures in full, one row per line; `decodeJson` of `lib/core` gives it back.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toJson(table: Table): string {
  requireRectangle(table);
  const { title, columns, rows, notes = [] } = table;
  return [
    "{",
    `  "title": ${encodeJson(title)},`,
    `  "columns": ${encodeJson(columns)},`,
    `  "rows": [`,
    rows.map((row) => `    ${encodeJson(row)}`).join(",\n"),
    "  ],",
    `  "notes": ${encodeJson(notes)}`,
    "}",
    "",
  ].join("\n");
}
