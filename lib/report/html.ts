import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * The table as an HTML fragment: a `table` with its title as caption, its notes as a list below.
 * Cells of numeric columns have the class `number`. It brings no style of its own.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toHtml(table: Table): string {
  const { title, head, body, numeric, notes } = gridOf(table, escapeHtml);
  const row = (cells: string[], tag: "th" | "td") => {
    const line = cells.map((cell, column) =>
      `<${tag}${numeric[column] ? ' class="number"' : ""}>${cell.trim()}</${tag}>`
    );
    return `<tr>${line.join("")}</tr>`;
  };
  return [
    `<table>`,
    `<caption>${title}</caption>`,
    `<thead>${row(head, "th")}</thead>`,
    `<tbody>`,
    ...body.map((cells) => row(cells, "td")),
    `</tbody>`,
    `</table>`,
    ...(notes.length > 0 ? [`<ul>${notes.map((note) => `<li>${note}</li>`).join("")}</ul>`] : []),
    "",
  ].join("\n");
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign]);
}
