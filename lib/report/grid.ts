import { counted, maximum, require } from "../core/mod.ts";
import type { Table, TableCell } from "./table.ts";

/** A table as it is read: text in lines, padded so that columns align in a fixed-width font. */
export interface Grid {
  title: string;
  /** The headings. */
  head: string[];
  /** The cells of each row. */
  body: string[][];
  /** Which columns hold no text and are aligned to the right. */
  numeric: boolean[];
  notes: string[];
}

/**
 * Formats and pads every cell.
 *
 * @param escape Applied to every piece of text before padding: a format's escaping.
 * @throws {InputError} If a row has more or fewer cells than there are columns.
 */
export function gridOf(table: Table, escape: (text: string) => string): Grid {
  requireRectangle(table);
  const line = (text: string) => escape(text.replaceAll(/\s*\n\s*/g, " "));
  const columns = table.columns.map((heading, index) => {
    const cells = table.rows.map((row) => row[index]);
    const numeric = !cells.some((cell) => typeof cell === "string");
    const texts = [heading, ...cells.map(formatCell)].map(line);
    return { numeric, texts: pad(texts, numeric) };
  });
  const row = (index: number) => columns.map(({ texts }) => texts[index]);
  return {
    title: line(table.title),
    head: row(0),
    body: table.rows.map((_, index) => row(index + 1)),
    numeric: columns.map(({ numeric }) => numeric),
    notes: (table.notes ?? []).map(line),
  };
}

/**
 * Lets a table pass that has columns and one cell per column in each row.
 *
 * @throws {InputError} Otherwise, naming the table and the row.
 */
export function requireRectangle({ title, columns, rows }: Table): void {
  const action = `write table "${title}"`;
  require(columns.length > 0, action, "there must be at least one column");
  rows.forEach((row, index) =>
    require(
      row.length === columns.length,
      action,
      `row ${index + 1} must have ${counted(columns.length, "cell")}`,
      row.length,
    )
  );
}

/** Pads texts with spaces to the widest, at least to the 3 characters a Markdown rule needs. */
function pad(texts: string[], toRight: boolean): string[] {
  const lengths = texts.map((text) => [...text].length);
  const width = Math.max(3, maximum(lengths));
  return texts.map((text, index) => {
    const space = " ".repeat(width - lengths[index]);
    return toRight ? space + text : text + space;
  });
}

function formatCell(cell: TableCell): string {
  if (cell === null) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return formatNumber(cell);
  const { value, low, high, digits } = cell;
  const figure = formatNumber(value, digits);
  if (low === undefined || high === undefined) return figure;
  return `${figure} [${formatNumber(low, digits)}, ${formatNumber(high, digits)}]`;
}

/** In full without `digits`; else with that many decimals, from a million on as `1.23e+6`. */
function formatNumber(value: number, digits?: number): string {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞");
  if (digits === undefined) return String(value);
  return Math.abs(value) < 1e6 ? value.toFixed(digits) : value.toExponential(digits);
}
