import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * A GitHub-flavoured Markdown table under a heading, its notes as a list.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toMarkdown(table: Table): string {
  const { title, head, body, numeric, notes } = gridOf(table, escape);
  const rule = head.map((cell, column) => {
    const dashes = "-".repeat([...cell].length - 1);
    return numeric[column] ? `${dashes}:` : `${dashes}-`;
  });
  const lines = [`### ${title}`, "", ...[head, rule, ...body].map(row)];
  if (notes.length > 0) lines.push("", ...notes.map((note) => `- ${note}`));
  return lines.join("\n") + "\n";
}

function row(cells: string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function escape(text: string): string {
  return text.replaceAll(/[\\|*_`<&~]/g, "\\$&");
}
