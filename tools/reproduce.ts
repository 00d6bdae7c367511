/** `deno task reproduce`: the paper's tables with our measurements beside them. */
import { readBenchRecord } from "../experiments/result/bench_record.ts";
import { driftOf } from "../experiments/tables/expectations.ts";
import { evaluatedBy, type MeasuredModel } from "../experiments/tables/measure_model.ts";
import { paperTables } from "../experiments/tables/paper_tables.ts";
import { InputError, refuse } from "../lib/core/mod.ts";
import { prepareFolder } from "../lib/io/mod.ts";
import { type Execution, executions } from "../lib/methods/mod.ts";
import { toText } from "../lib/report/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import { choiceOption, integerOption, listOption, main, type Session } from "./command_line.ts";
import { measureModels, refusalsOf } from "./measure_models.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";
import {
  addModelOptions,
  bundledSource,
  type ModelOptions,
  outputFolder,
  ownSources,
  type Source,
} from "./model_options.ts";
import { provenance } from "./provenance.ts";
import { publishTable, table4Record, type TableRecord, tableRecord } from "./publish.ts";

interface Options extends ModelOptions {
  table: number[];
  fresh?: boolean;
  execute: Execution;
}

/** Where the tables of the bundled models go, and those with a model of one's own. */
const outputs = { bundled: "results", own: "results/local" };

await main((program, session) =>
  addModelOptions(
    program.name("reproduce")
      .description("Regenerates tables 1-3 of the paper; measured cells are kept and used again.")
      .option(
        "--table <list>",
        'which tables, such as 1,3; 4 shows what "deno task bench block" measured',
        listOption("--table", integerOption("--table", 1, 4)),
        [1, 2, 3],
      )
      .option("--fresh", "measure every cell anew"),
    "a further model",
    outputs,
  )
    .option(
      "--execute <how>",
      "emulate: dequantized floats, or integer: integer products in the linear maps of AgileQ-8; " +
        "tables 1-3 then go to the folder integer in that of --out",
      choiceOption("--execute", executions),
      "emulate",
    )
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  session.kept = "Measured cells are kept: the same command goes on there.";
  const timings = options.table.includes(4) ? await readBenchRecord("block") : undefined;
  const tables = paperTables.filter(({ number }) => options.table.includes(number));
  const backend = await useBackend("agile");
  const further = await ownSources(options);
  for (const { options: { name }, family } of further) {
    const isAsked = tables.some((table) => table.family === family);
    if (!isAsked) refuse(`measure ${name}`, "one of the tables must be about its family", family);
  }
  const base = outputFolder(options, outputs);
  const folder = options.execute === "emulate" ? base : `${base}/integer`;
  for (const written of [cellFolder, folder]) await prepareFolder(written);

  const settings = {
    ...session,
    store: fileCellStore(cellFolder),
    fingerprint: await fingerprintOf(measurementModules(evaluatedBy)),
    fresh: options.fresh,
    execute: options.execute,
  };
  const measure = (sources: Source[]) => measureModels(sources, backend, tables, settings);
  // Further models first: should they be refused, that shows at once.
  const theirs = await measure(further);
  const ours = await measure(tables.map(({ family }) => bundledSource(family)));

  const models = [...ours.measured, ...theirs.measured];
  const problems = [...ours.problems, ...theirs.problems];
  const origin = await provenance();
  for (const table of tables) {
    const measured = models.filter((each) => each.table === table);
    if (measured.length === 0) continue;
    const record = tableRecord(table, measured, origin);
    problems.push(...await show(record, `${folder}/table${table.number}`));
  }
  if (timings) problems.push(...await show(table4Record(timings), `${base}/table4`));
  if (models.length > 0) console.log(summary(models));
  const drift = ours.measured.flatMap(({ cells }) =>
    Object.values(cells).flatMap((cell) => driftOf(cell))
  );
  drift.forEach((line) => console.error(`Drift in ${line}`));
  if (problems.length > 0) throw new InputError(...problems);
  if (drift.length > 0) Deno.exit(1);
}

/** Prints a table, then writes it to `path`; returns why that was refused, if it was. */
async function show(record: TableRecord, path: string): Promise<string[]> {
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 160;
  console.log(toText(record.table, width));
  return await refusalsOf(() => publishTable(record, path));
}

function summary(models: MeasuredModel[]): string {
  const computed = models.reduce((sum, each) => sum + each.computed, 0);
  const reused = models.reduce((sum, each) => sum + each.reused, 0);
  return computed === 0
    ? `Nothing has changed: all ${reused} cells were measured before (--fresh measures anew).`
    : `Measured ${computed} cells, used ${reused} measured before.`;
}
