import { describeStartToken } from "../experiments/measure/token_source.ts";
import type { BenchRecord } from "../experiments/result/bench_record.ts";
import { baselineNotes } from "../experiments/result/baseline.ts";
import { describeFinding } from "../experiments/result/finding.ts";
import { judgeClaims, type JudgedClaim } from "../experiments/tables/claims.ts";
import type { FamilyTable } from "../experiments/tables/family_tables.ts";
import type { MeasuredModel } from "../experiments/tables/measure_models.ts";
import { renderTable } from "../experiments/tables/render.ts";
import { judgeSpeed, table4, table4Rows } from "../experiments/tables/table4.ts";
import { counted, encodeJson, shortDigest, verdictLegend } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Table, toCsv, toLatex, toMarkdown } from "../lib/report/mod.ts";
import { benchProvenance, type Provenance, withFirstOrigin } from "./provenance.ts";

/** A table for people, and all that is known of it for programs. */
export interface TableRecord {
  provenance: Provenance;
  table: Table;
  [facts: string]: unknown;
}

/** A perplexity table with its verdicts, every reading and configuration. */
export function tableRecord(
  paper: FamilyTable,
  models: MeasuredModel[],
  provenance: Provenance,
): TableRecord {
  const claims = models.flatMap(judgeClaims);
  const notes = [
    ...models.flatMap((model) => [
      describeSubject(model),
      ...baselineNotes(model.title, model.storage),
      ...describeRefusals(model),
    ]),
    ...claims.map(describeClaim),
    verdictLegend,
  ];
  const cells = models.flatMap((model) => Object.values(model.cells));
  return { provenance, table: renderTable(paper, models, notes), claims, cells };
}

/** Table 4 with its verdicts, from what `deno task bench block` recorded. */
export function table4Record(record: BenchRecord): TableRecord {
  const rows = table4Rows(record);
  return {
    provenance: benchProvenance(record),
    table: table4(record),
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
  const { table } = record;
  const kept = await withFirstOrigin(record, `${path}.json`, measuredPart);
  await writeAtomically(`${path}.json`, `${encodeJson(kept, 2)}\n`);
  await writeAtomically(`${path}.md`, toMarkdown(table));
  await writeAtomically(`${path}.csv`, toCsv(table));
  await writeAtomically(`${path}.tex`, toLatex(table));
}

/** Everything but what shows and judges it, and where it comes from. */
function measuredPart({ provenance: _, table: _table, claims: _claims, ...facts }: TableRecord) {
  return facts;
}

/** A model with its texts, for below a table: hashes, windows, what multiplied. */
export function describeSubject({ title, facts }: Pick<MeasuredModel, "title" | "facts">): string {
  const { calibrationText, hub } = facts;
  const origin = hub ? `${hub.repository} at commit ${shortDigest(hub.commit)}, ` : "";
  return `${title}: ${origin}weights sha256 ${shortDigest(facts.weights)}, ` +
    `test text sha256 ${shortDigest(facts.testText.sha256)}, ` +
    `calibration text sha256 ${calibrationText ? shortDigest(calibrationText.sha256) : "none"}, ` +
    `${counted(facts.windows, "window")} of ${counted(facts.window, "token")}, ` +
    `start token ${describeStartToken(facts.testText.startToken)}, ` +
    `products by ${facts.matrixProduct}`;
}

/** Which rows refused a model and why, a line for each reason. */
function describeRefusals({ title, table, refusals }: MeasuredModel): string[] {
  const labelOf = (row: string) => table.rows.find(({ measured }) => measured?.key === row)!.label;
  return [...Map.groupBy(Object.entries(refusals), ([, reason]) => reason)].map(([reason, rows]) =>
    `${title}: refused by ${rows.map(([row]) => labelOf(row)).join(", ")}: ${reason}`
  );
}

function describeClaim(judged: JudgedClaim): string {
  return `${judged.model}: ${describeFinding(judged)}`;
}
