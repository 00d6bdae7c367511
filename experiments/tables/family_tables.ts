import { methods } from "../../lib/methods/mod.ts";
import { familyNames } from "../../lib/model/mod.ts";
import paper from "./paper_tables.json" with { type: "json" };
import { type MethodRow, tableRows } from "./table_rows.ts";

/** A table of what methods do to models: the paper's, or one with a name of our own. */
export interface PerplexityTable {
  /** As its files are called, and its cells: `table1`. */
  key: string;
  /** What captions begin with is what the table is called: `Table 1: LLaMA, WikiText-2 perplexity`. */
  title: string;
  /** The family of models that it is about; about all without. */
  family?: string;
  /** Headings of the paper's figures, one per model and data set; none without a table of the paper. */
  columns: string[];
  rows: PrintedRow[];
}

/** The table of a family of models. */
export interface FamilyTable extends PerplexityTable {
  number: number;
  family: string;
}

/** One row: what the paper says, and what of ours stands beside it. */
export interface PrintedRow {
  label: string;
  weight: string;
  activation: string;
  /** As many as the table has columns; null where the paper prints a dash. */
  perplexities: (number | null)[];
  /** What to measure for this row. */
  measured: MethodRow;
  /** Where a row that the paper's table does not have comes from. */
  origin?: "table 4" | "ours";
}

/** A row as the transcription has it: table 1 knows one data set, tables 2 and 3 two. */
interface TranscribedRow {
  method: string;
  weight: string;
  activation: string;
  ppl?: (number | null)[];
  wikitext2?: (number | null)[];
  c4?: (number | null)[];
}

interface TranscribedTable {
  title: string;
  models: string[];
  rows: TranscribedRow[];
}

/** The paper's perplexity tables by the families that they are about. */
const transcribed: Record<string, { number: number; table: TranscribedTable }> = {
  llama: { number: 1, table: paper.table1 },
  opt: { number: 2, table: paper.table2 },
  bloom: { number: 3, table: paper.table3 },
};

/** The rows that every table has. */
const ownRows = tableRows.filter(({ printedOnly }) => !printedOnly);

/** The first number that no table of the paper has: its table 4 is about speed. */
const firstOwnNumber = 5;

/** The row that table 4 has perplexities of. */
const prunedFourBitLabel = "AgileQ-4*";

/** Table 4's perplexities in four bits, by `opt 125m wikitext-2`: its FP16 figures are those of table 2. */
const prunedFourBits = Object.fromEntries(
  paper.table4.rows.filter(({ bits }) => bits === "4")
    .map(({ model, ppl }) => [`${model.replace("-", " ")} wikitext-2`.toLowerCase(), ppl]),
);

/**
 * A table for each family: the paper's tables 1-3 with our rows below theirs, and one of our rows alone
 * for a family that the paper does not have.
 */
export function tablesOf(families: readonly string[]): FamilyTable[] {
  const others = families.filter((family) => !Object.hasOwn(transcribed, family));
  return families.map((family): FamilyTable => {
    if (Object.hasOwn(transcribed, family)) return paperTable(family);
    const rows = ownRows.map((row) => ownRow(row));
    const number = firstOwnNumber + others.indexOf(family);
    return { ...numbered(number, `${family} perplexity`), family, columns: [], rows };
  }).sort((one, other) => one.number - other.number);
}

/** Whether a table is about models of a family. */
export function isAbout(table: PerplexityTable, family: string): boolean {
  return table.family === undefined || table.family === family;
}

/** The table of every family that can be computed. */
export const familyTables: readonly FamilyTable[] = tablesOf(familyNames);

function paperTable(family: string): FamilyTable {
  const { number, table: { title, models, rows } } = transcribed[family];
  const sets = rows[0].c4 ? ["WikiText-2", "C4"] : ["WikiText-2"];
  const columns = sets.flatMap((set) => models.map((model) => `${model} ${set}`));
  const printed = rows.map(({ method, weight, activation, ppl, wikitext2, c4 }): PrintedRow => ({
    label: method,
    weight,
    activation,
    perplexities: [ppl, wikitext2, c4].flatMap((figures) => figures ?? []),
    measured: tableRows.find(({ label, printed }) =>
      printed ? printed.method === method && printed.weight === weight : label === method
    )!,
  }));
  const pruned = columns.map((column) =>
    prunedFourBits[`${family} ${column}`.toLowerCase()] ?? null
  );
  const added = ownRows.filter((row) => !printed.some(({ measured }) => measured === row))
    .map((row): PrintedRow => {
      const figures = row.label === prunedFourBitLabel ? pruned : columns.map(() => null);
      const isPrinted = figures.some((figure) => figure !== null);
      return { ...ownRow(row, figures), origin: isPrinted ? "table 4" : "ours" };
    });
  return { ...numbered(number, title), family, columns, rows: [...printed, ...added] };
}

/** A row that no table of the paper describes. */
export function ownRow(row: MethodRow, perplexities: (number | null)[] = []): PrintedRow {
  const { label } = methods[row.method].with(row.settings ?? {});
  return { label: row.label, ...label, perplexities, measured: row };
}

/** What tells a table from others. */
function numbered(number: number, title: string) {
  return { number, key: `table${number}`, title: `Table ${number}: ${title}` };
}
