import type { BenchRecord } from "../experiments/result/bench_record.ts";
import type { ModelName } from "../experiments/measure/model_shapes.ts";
import { baselineNotes } from "../experiments/result/baseline.ts";
import { describeFinding } from "../experiments/result/finding.ts";
import type { Provenance } from "../experiments/result/provenance.ts";
import { judgeClaims, type JudgedClaim } from "../experiments/tables/claims.ts";
import { describeSubject } from "../experiments/tables/describe_subject.ts";
import { judgeComparisons } from "../experiments/tables/comparisons.ts";
import type { PerplexityTable } from "../experiments/tables/family_tables.ts";
import { describeKept } from "../experiments/tables/keep_rows.ts";
import type { MeasuredModel } from "../experiments/tables/measure_models.ts";
import { isNamed } from "../experiments/tables/named_tables.ts";
import { drawTable } from "../experiments/tables/pareto.ts";
import { renderTable } from "../experiments/tables/render.ts";
import { judgeSpeed, table4, table4Rows } from "../experiments/tables/table4.ts";
import { encodeJson, verdictLegend } from "../lib/core/mod.ts";
import { describeShortGroups } from "../lib/methods/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Drawing, type Table, toCsv, toLatex, toMarkdown } from "../lib/report/mod.ts";
import { refusalsOf } from "./measure_sources.ts";
import { printTable } from "./standard_output.ts";
import { benchProvenance, withFirstOrigin } from "./provenance.ts";

/** A table for people, and all that is known of it for programs. */
export interface TableRecord {
  provenance: Provenance;
  table: Table;
  /** A picture of it, in tables with a name; `deno task report` draws it. */
  drawing?: Drawing;
  [facts: string]: unknown;
}

/**
 * A perplexity table with its verdicts, every reading and configuration.
 *
 * @param timings Of `deno task bench block`, for the speeds of tables with a name.
 */
export function tableRecord(
  table: PerplexityTable,
  models: MeasuredModel[],
  provenance: Provenance,
  timings?: BenchRecord,
): TableRecord {
  const claims = models.flatMap((model) => judge(table, model));
  const notes = [
    ...models.flatMap((model) => [
      describeSubject(model),
      ...baselineNotes(model.title, model.storage),
      ...describeRefusals(model),
      ...describeGroups(model),
      ...describeKept(model.title, Object.values(model.cells), ({ row }) => labelOf(table, row)),
    ]),
    ...claims.map(describeClaim),
    verdictLegend,
  ];
  const cells = models.flatMap((model) => Object.values(model.cells));
  const seconds = models.flatMap(({ cells, seconds }) =>
    Object.entries(seconds).map(([row, taken]) => [cells[row]!.id, taken] as const)
  );
  const drawing = isNamed(table) ? drawTable(table, models) : undefined;
  return {
    provenance: { ...provenance, seconds: Object.fromEntries(seconds) },
    table: renderTable(table, models, notes, timings),
    ...drawing && { drawing },
    claims,
    cells,
  };
}

/** What becomes of the claims that a table is about on one of its models. */
function judge(table: PerplexityTable, model: MeasuredModel): JudgedClaim[] {
  if (!isNamed(table)) return judgeClaims(model);
  const { name, architecture, cells } = model;
  const resultOf = (row: string) => cells[row]?.result;
  return judgeComparisons(table.claims, { name, architecture, resultOf });
}

/**
 * Table 4 with its verdicts, from what `deno task bench block` recorded.
 *
 * @param models The paper's unless given.
 */
export function table4Record(record: BenchRecord, models?: readonly ModelName[]): TableRecord {
  const rows = table4Rows(record, models);
  return {
    provenance: benchProvenance(record),
    table: table4(record, models),
    claims: judgeSpeed(rows),
    rows,
  };
}

/**
 * Writes a table as Markdown, CSV and LaTeX, and its whole record as JSON.
 *
 * @param path Of the files, without extension.
 * @throws {InputError} If they cannot be written.
 */
export async function publishTable(record: TableRecord, path: string): Promise<void> {
  const first = await withFirstOrigin(record, `${path}.json`, measuredPart);
  const table = withCosts(first);
  const kept = { ...first, table };
  await writeAtomically(`${path}.json`, `${encodeJson(kept, 2)}\n`);
  await writeAtomically(`${path}.md`, toMarkdown(table));
  await writeAtomically(`${path}.csv`, toCsv(table));
  await writeAtomically(`${path}.tex`, toLatex(table));
}

/** Prints a table, then writes it as {@linkcode publishTable} does; returns why that was refused, if it was. */
export async function showTable(record: TableRecord, path: string): Promise<string[]> {
  printTable(record.table);
  return await refusalsOf(() => publishTable(record, path));
}

/** The table with what its rows took below it, where that is known. */
function withCosts({ table, provenance: { seconds = {}, machine } }: TableRecord): Table {
  const costs = Object.entries(seconds);
  if (costs.length === 0) return table;
  const sum = costs.reduce((sum, [, taken]) => sum + taken, 0);
  const each = costs.map(([id, taken]) => `${id.split("/").at(-1)} ${taken.toFixed(0)}`);
  const note = `measured in ${sum.toFixed(0)} s on ${machine}, by rows: ${each.join(", ")} ` +
    "(what rows share is made in the first of them that a process measures)";
  return { ...table, notes: [...table.notes ?? [], note] };
}

/** Everything but what shows and judges it, and where it comes from. */
function measuredPart(
  { provenance: _, table: _table, claims: _claims, drawing: _drawing, ...facts }: TableRecord,
) {
  return facts;
}

/** Which rows refused a model and why, a line for each reason. */
function describeRefusals({ title, table, refusals }: MeasuredModel): string[] {
  return [...Map.groupBy(Object.entries(refusals), ([, reason]) => reason)].map(([reason, rows]) =>
    `${title}: refused by ${rows.map(([row]) => labelOf(table, row)).join("; ")}: ${reason}`
  );
}

/** In which rows groups of weights do not fit into the rows of linear maps, a line for each misfit. */
function describeGroups({ title, table, architecture, cells }: MeasuredModel): string[] {
  const misfits = Object.values(cells).flatMap(({ row, config: { methodSettings } }) =>
    describeShortGroups(methodSettings, architecture).map((misfit) => ({ row, misfit }))
  );
  return [...Map.groupBy(misfits, ({ misfit }) => misfit)].map(([misfit, rows]) => {
    const labels = new Set(rows.map(({ row }) => labelOf(table, row)));
    return `${title}: ${misfit}: ${[...labels].join("; ")}`;
  });
}

/** What a table calls a row. */
function labelOf(table: PerplexityTable, row: string): string {
  return table.rows.find(({ measured }) => measured.key === row)!.label;
}

function describeClaim(judged: JudgedClaim): string {
  return `${judged.model}: ${describeFinding(judged)}`;
}
