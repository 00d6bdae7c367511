import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * The table as an HTML fragment: a `table` with its title as caption in a box that may scroll, its
 * notes as a list below. Cells of numeric columns have the class `number`. Neighbouring headings of
 * the form `group: name` share one heading of the group above their names. It brings no style of its
 * own: {@linkcode tableStyle} is made for it.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toHtml(table: Table): string {
  const { title, head, body, numeric, notes } = gridOf(table, escapeHtml);
  const row = (cells: string[]) =>
    `<tr>${
      cells.map((cell, column) => `<td${mark(numeric[column])}>${cell.trim()}</td>`).join("")
    }</tr>`;
  return [
    `<div class="scroll" tabindex="0"><table>`,
    `<caption>${title}</caption>`,
    `<thead>${headings(head.map((heading) => heading.trim()), numeric)}</thead>`,
    `<tbody>`,
    ...body.map(row),
    `</tbody>`,
    `</table></div>`,
    ...(notes.length > 0 ? [`<ul>${notes.map((note) => `<li>${note}</li>`).join("")}</ul>`] : []),
    "",
  ].join("\n");
}

const mark = (numeric: boolean) => numeric ? ' class="number"' : "";

/** One row of headings, or two where some are grouped. */
function headings(head: string[], numeric: boolean[]): string {
  const columns = head.map((heading, column) => {
    const group = groupOf(heading);
    const isGrouped = group !== undefined &&
      [head[column - 1], head[column + 1]].some((beside) => beside && groupOf(beside) === group);
    return isGrouped
      ? { group, name: heading.slice(group.length + separator.length), kind: mark(numeric[column]) }
      : { name: heading, kind: mark(numeric[column]) };
  });
  const grouped = columns.filter(({ group }) => group !== undefined);
  const height = grouped.length > 0 ? ' rowspan="2"' : "";
  const above = columns.map(({ group, name, kind }, column) => {
    if (group === undefined) return `<th${height}${kind}>${name}</th>`;
    if (columns[column - 1]?.group === group) return "";
    const end = columns.findIndex((each, index) => index > column && each.group !== group);
    const width = (end < 0 ? columns.length : end) - column;
    return `<th class="group" colspan="${width}">${group}</th>`;
  });
  const below = grouped.map(({ name, kind }) => `<th${kind}>${name}</th>`);
  return [above, below].filter(({ length }) => length > 0)
    .map((cells) => `<tr>${cells.join("")}</tr>`).join("");
}

/** Between the group and the name in a heading. */
const separator = ": ";

function groupOf(heading: string): string | undefined {
  const end = heading.indexOf(separator);
  return end < 0 ? undefined : heading.slice(0, end);
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
