import { maximum } from "../core/mod.ts";
import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * Aligned plain text for a terminal. In a table wider than `width`, headings longer than what stands
 * below them are broken into lines; if it is still too wide, it is printed in parts, one below the
 * other, each of which begins with the first column.
 *
 * @param width Characters per line, 80 unless given. One column beside the first is always printed.
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toText(table: Table, width = 80): string {
  const { title, head, body, numeric, notes } = gridOf(table, (text) => text);
  const inLine = head.reduce((sum, cell) => sum + gap.length + [...cell].length, -gap.length);
  const columns = head.map((heading, index) => {
    const cells = body.map((row) => row[index].trim());
    return column(heading.trim(), cells, numeric[index], inLine > width);
  });
  const height = Math.max(...columns.map(({ heading }) => heading.length));
  const parts = partition(columns.map(({ width }) => width), width).map((indices) => {
    const shown = indices.map((index) => columns[index]);
    const head = Array.from(
      { length: height },
      (_, line) =>
        shown.map(({ heading, blank }) => heading[line - height + heading.length] ?? blank),
    ).filter((cells) => cells.some((cell) => cell.trim() !== ""));
    const rows = body.map((_, row) => shown.map(({ cells }) => cells[row]));
    return [...head, shown.map(({ rule }) => rule), ...rows]
      .map((cells) => cells.join(gap).trimEnd()).join("\n");
  });
  const wrapped = (text: string) => wrap(text, width).join("\n");
  return [wrapped(title), ...parts, ...notes.map(wrapped)].join("\n\n") + "\n";
}

/** Below this width a heading is not broken, however short what stands below it. */
const narrowest = 12;

/** One column: every line as wide as the widest. */
function column(heading: string, cells: string[], numeric: boolean, broken: boolean) {
  const longest = (texts: string[]) => maximum(texts.map((text) => [...text].length));
  const lines = broken ? wrap(heading, Math.max(narrowest, longest(cells))) : [heading];
  const width = Math.max(3, longest([...lines, ...cells]));
  const pad = (text: string) => {
    const space = " ".repeat(width - [...text].length);
    return numeric ? space + text : text + space;
  };
  return {
    width,
    heading: lines.map(pad),
    cells: cells.map(pad),
    rule: "-".repeat(width),
    blank: " ".repeat(width),
  };
}

const gap = "  ";

/** Shares out the columns over parts that fit, each led by column 0. */
function partition(widths: number[], width: number): number[][] {
  const parts: number[][] = [[0]];
  let used = widths[0];
  for (let column = 1; column < widths.length; column++) {
    const needed = gap.length + widths[column];
    if (used + needed > width && parts.at(-1)!.length > 1) {
      parts.push([0]);
      used = widths[0];
    }
    parts.at(-1)!.push(column);
    used += needed;
  }
  return parts;
}

/** The words of a text in lines of at most this many characters, unless a word is longer. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
