/** `deno task reproduce`: the paper's tables with our measurements beside them. */
import { bundledModels } from "../experiments/bundled.ts";
import { driftOf, expectations, figuresOf } from "../experiments/expectations.ts";
import { type MeasuredModel, measureModel } from "../experiments/measure.ts";
import { paperTables } from "../experiments/tables.ts";
import { encodeJson } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { fileCellStore } from "./cell_store.ts";
import { integerOption, listOption, main, type Session } from "./command_line.ts";
import { provenance, sourceHash } from "./provenance.ts";
import { publishTable } from "./publish.ts";

interface Options {
  table: number[];
  fresh?: boolean;
  model: string[];
  accept?: boolean;
}

const root = new URL("../", import.meta.url);
const results = new URL("results", root).pathname;

await main((program, session) =>
  program.name("reproduce")
    .description("Regenerates tables 1-3 of the paper; measured cells are kept and used again.")
    .option(
      "--table <list>",
      "which tables, such as 1,3",
      listOption("--table", integerOption("--table", 1, 3)),
      [1, 2, 3],
    )
    .option("--fresh", "measure every cell anew")
    .option(
      "--model <folder>",
      "a further model in Hugging Face layout; may be repeated",
      (folder: string, folders: string[]) => [...folders, folder],
      [],
    )
    .option("--accept", "take what was measured on the bundled models as the new expectations")
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  const { matrixProduct } = await useBackend("agile");
  const tables = paperTables.filter(({ number }) => options.table.includes(number));
  const bundled = tables.map(({ family }) => bundledModels[family].name);
  const folders = [
    ...bundled.map((name) => new URL(`data/models/${name}`, root).pathname),
    ...options.model,
  ];
  const fingerprint = await sourceHash(root);
  const store = fileCellStore(`${results}/.cells`);
  const models: MeasuredModel[] = [];
  for (const folder of folders) {
    const { fresh } = options;
    const settings = { matrixProduct, store, fingerprint, fresh, ...session };
    models.push(await measureModel(folder, tables, settings));
  }
  const origin = await provenance();
  for (const table of tables) {
    await publishTable(table, models.filter((each) => each.table === table), origin, results);
  }
  console.log(summary(models));
  const ours = models.slice(0, bundled.length);
  if (options.accept) await accept(ours);
  else failOnDrift(ours);
}

function summary(models: MeasuredModel[]): string {
  const computed = models.reduce((sum, each) => sum + each.computed, 0);
  const reused = models.reduce((sum, each) => sum + each.reused, 0);
  return computed === 0
    ? `Nothing has changed: all ${reused} cells were measured before (--fresh measures anew).`
    : `Measured ${computed} cells, used ${reused} measured before.`;
}

/** Ends the process with status 1 if a cell of a bundled model is not what it is expected to be. */
function failOnDrift(models: MeasuredModel[]): void {
  const drift = models.flatMap(({ cells }) =>
    [...cells].flatMap(([row, cell]) => driftOf(cell, row))
  );
  if (drift.length === 0) return;
  drift.forEach((line) => console.error(`Drift in ${line}`));
  Deno.exit(1);
}

/** Writes what was measured over the expectations of the same cells. */
async function accept(models: MeasuredModel[]): Promise<void> {
  const accepted = models.flatMap(({ cells }) =>
    [...cells.values()].map(({ id, result }) => [id, figuresOf(result)] as const)
  );
  const path = new URL("experiments/expectations.json", root).pathname;
  const all = { ...expectations, ...Object.fromEntries(accepted) };
  await writeAtomically(path, `${encodeJson(all, 2)}\n`);
}
