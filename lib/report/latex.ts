import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * A LaTeX `table` in the style of the booktabs package, its notes below in small print.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toLatex(table: Table): string {
  const { title, head, body, numeric, notes } = gridOf(table, escape);
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${title}}`,
    `  \\begin{tabular}{${numeric.map((right) => right ? "r" : "l").join("")}}`,
    "    \\toprule",
    row(head),
    "    \\midrule",
    ...body.map(row),
    "    \\bottomrule",
    "  \\end{tabular}",
    ...notes.map((note) => `  \\par\\smallskip{\\footnotesize ${note}\\par}`),
    "\\end{table}",
    "",
  ].join("\n");
}

function row(cells: string[]): string {
  // A bracket here would be read as an option of the `\\` before it.
  const guard = cells[0].startsWith("[") ? "{}" : "";
  return `    ${guard}${cells.join(" & ")} \\\\`;
}

const commands: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "–": "--",
  "∞": "$\\infty$",
  "µ": "$\\mu$",
};

function escape(text: string): string {
  return text.replaceAll(/[\\~^<>|–∞µ{}$&#%_]/g, (sign) => commands[sign] ?? `\\${sign}`);
}
