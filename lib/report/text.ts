import { gridOf } from "./grid.ts";
import type { Table } from "./table.ts";

/**
 * Aligned plain text for a terminal. A table wider than `width` is printed in parts, one below the
 * other, each of which begins with the first column.
 *
 * @param width Characters per line, 80 unless given. One column beside the first is always printed.
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toText(table: Table, width = 80): string {
  const { title, head, body, notes } = gridOf(table, (text) => text);
  const lines = [head, head.map((cell) => "-".repeat([...cell].length)), ...body];
  const parts = partition(head.map((cell) => [...cell].length), width).map((columns) =>
    lines.map((cells) => columns.map((column) => cells[column]).join(gap).trimEnd()).join("\n")
  );
  return [wrap(title, width), ...parts, ...notes.map((note) => wrap(note, width))]
    .join("\n\n") + "\n";
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

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join("\n");
}
