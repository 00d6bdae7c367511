import { judgeClaims, type JudgedClaim } from "../experiments/claims.ts";
import type { MeasuredModel } from "../experiments/measure.ts";
import { renderTable } from "../experiments/render.ts";
import type { PaperTable } from "../experiments/tables.ts";
import { encodeJson } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { toCsv, toLatex, toMarkdown, toText } from "../lib/report/mod.ts";
import type { Provenance } from "./provenance.ts";

/**
 * Prints a table with its verdicts, and writes it to `folder` as Markdown, CSV, LaTeX and, with
 * every reading and configuration, JSON.
 */
export async function publishTable(
  paper: PaperTable,
  models: MeasuredModel[],
  origin: Provenance,
  folder: string,
): Promise<void> {
  const claims = models.flatMap(({ name, cells }) =>
    judgeClaims({
      model: name,
      fp16: cells.get("fp16")!.result,
      agileQ8: cells.get("agileq-8")!.result,
      agileQ8Pruned: cells.get("agileq-8-pruned")!.result,
    })
  );
  const notes = [...models.map(describeModel), ...claims.map(describeClaim)];
  const table = renderTable(paper, models, notes);
  console.log(`${toText(table, terminalWidth())}\n`);

  const cells = models.flatMap((model) => [...model.cells.values()]);
  const record = encodeJson({ provenance: origin, table, claims, cells }, 2);
  const path = `${folder}/table${paper.number}`;
  await writeAtomically(`${path}.json`, `${record}\n`);
  await writeAtomically(`${path}.md`, toMarkdown(table));
  await writeAtomically(`${path}.csv`, toCsv(table));
  await writeAtomically(`${path}.tex`, toLatex(table));
}

function describeModel({ name, facts }: MeasuredModel): string {
  return `${name}: weights sha256 ${facts.model.slice(0, 12)}, encyclopedia test text ` +
    `${facts.testText.slice(0, 12)}, ${facts.windows} windows of ${facts.window} tokens, ` +
    `profile ${facts.profile}, products by ${facts.matrixProduct}; intervals are 95 %`;
}

function describeClaim({ claim, model, verdict, evidence }: JudgedClaim): string {
  return `${model}: "${claim}" is ${verdict} (${evidence})`;
}

function terminalWidth(): number {
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 160;
}
