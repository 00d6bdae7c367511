import { requireRectangle } from "./grid.ts";
import type { Table, TableCell } from "./table.ts";

/**
 * Comma-separated values (RFC 4180): a header, then the rows with every figure in full. A column
 * with intervals becomes three: `PPL`, `PPL low`, `PPL high`. Null is an empty field; title and
 * notes are left out.
 *
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function toCsv(table: Table): string {
  requireRectangle(table);
  const columns = table.columns.flatMap((heading, index) => {
    const cells = table.rows.map((row) => row[index]);
    const values = [heading, ...cells.map(valueOf)];
    if (!cells.some((cell) => boundOf(cell, "low") !== null)) return [values];
    const bound = (name: "low" | "high") => [
      `${heading} ${name}`,
      ...cells.map((cell) => boundOf(cell, name)),
    ];
    return [values, bound("low"), bound("high")];
  });
  return columns[0].map((_, line) =>
    columns.map((values) => field(values[line])).join(",") + "\r\n"
  )
    .join("");
}

function valueOf(cell: TableCell): string | number | null {
  return typeof cell === "object" && cell !== null ? cell.value : cell;
}

function boundOf(cell: TableCell, name: "low" | "high"): number | null {
  return typeof cell === "object" && cell !== null ? cell[name] ?? null : null;
}

function field(value: string | number | null): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
