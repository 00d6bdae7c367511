import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * A table for a web page: the title as its caption, the notes below it. A table wider than the page
 * scrolls by itself.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toHtml(table: Table): string {
  const { title, head, body, numeric, notes } = gridOf(table, escapeHtml);
  const row = (tag: "th" | "td") => (cells: string[]) => {
    const fields = cells.map((cell, column) => {
      const align = numeric[column] ? "right" : "left";
      return `<${tag} style="text-align:${align}">${cell.trim()}</${tag}>`;
    });
    return `<tr>${fields.join("")}</tr>`;
  };
  return [
    `<div style="overflow-x:auto"><table>`,
    `<caption style="text-align:left;font-weight:bold">${title}</caption>`,
    `<thead>${row("th")(head)}</thead>`,
    `<tbody>${body.map(row("td")).join("\n")}</tbody>`,
    `</table></div>`,
    ...notes.map((note) => `<p><small>${note}</small></p>`),
  ].join("\n");
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as the content of an element or of an attribute in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (sign) => entities[sign]);
}
