import type { BenchRecord } from "../experiments/bench_record.ts";
import { judgeClaims, type JudgedClaim } from "../experiments/claims.ts";
import { describeFinding } from "../experiments/finding.ts";
import type { MeasuredModel } from "../experiments/measure.ts";
import { renderTable } from "../experiments/render.ts";
import { judgeSpeed, table4, table4Rows } from "../experiments/table4.ts";
import type { PaperTable } from "../experiments/tables.ts";
import { describeStartToken } from "../experiments/token_source.ts";
import { encodeJson, verdictLegend } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Table, toCsv, toLatex, toMarkdown } from "../lib/report/mod.ts";
import type { Provenance } from "./provenance.ts";

/**
 * Writes a table with its verdicts to `folder`, as Markdown, CSV, LaTeX and, with every reading
 * and configuration, JSON.
 *
 * @returns The table as it was written.
 * @throws {InputError} If the folder cannot be written to.
 */
export async function publishTable(
  paper: PaperTable,
  models: MeasuredModel[],
  origin: Provenance,
  folder: string,
): Promise<Table> {
  const claims = models.flatMap(judgeClaims);
  const notes = [...models.map(describeModel), ...claims.map(describeClaim), verdictLegend];
  const table = renderTable(paper, models, notes);
  const cells = models.flatMap((model) => Object.values(model.cells));
  const path = `${folder}/table${paper.number}`;
  return await writeTable(path, table, { provenance: origin, table, claims, cells });
}

/**
 * Writes table 4 to `folder` in the same formats, from what `deno task bench block` recorded.
 *
 * @returns The table as it was written.
 * @throws {InputError} If the folder cannot be written to.
 */
export async function publishTable4(record: BenchRecord, folder: string): Promise<Table> {
  const { machine: { processor, cores }, versions, commit } = record;
  const origin: Provenance = {
    commit,
    deno: versions.Deno,
    machine: `${cores} cores, ${processor}`,
  };
  const rows = table4Rows(record);
  const table = table4(record);
  const claims = judgeSpeed(rows);
  return await writeTable(`${folder}/table4`, table, { provenance: origin, table, claims, rows });
}

/** Writes a table for people, and all that is known of it for programs. */
async function writeTable(path: string, table: Table, record: unknown): Promise<Table> {
  await writeAtomically(`${path}.json`, `${encodeJson(record, 2)}\n`);
  await writeAtomically(`${path}.md`, toMarkdown(table));
  await writeAtomically(`${path}.csv`, toCsv(table));
  await writeAtomically(`${path}.tex`, toLatex(table));
  return table;
}

function describeModel({ name, facts }: MeasuredModel): string {
  return `${name}: weights sha256 ${facts.weights.slice(0, 12)}, encyclopedia test text ` +
    `${facts.testText.sha256.slice(0, 12)}, ${facts.windows} windows of ${facts.window} tokens, ` +
    `start token ${describeStartToken(facts.testText.startToken)}, ` +
    `profile ${facts.profile}, products by ${facts.matrixProduct}`;
}

function describeClaim(judged: JudgedClaim): string {
  return `${judged.model}: ${describeFinding(judged)}`;
}
