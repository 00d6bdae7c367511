/** `deno task reproduce`: the paper's tables with our measurements beside them. */
import { readBenchRecord } from "../experiments/bench_record.ts";
import { bundledModels } from "../experiments/bundled.ts";
import { driftOf, expectations, figuresOf } from "../experiments/expectations.ts";
import { type MeasuredModel, measureModel, type MeasureOptions } from "../experiments/measure.ts";
import { loadSubject } from "../experiments/subject.ts";
import { type PaperTable, paperTables } from "../experiments/tables.ts";
import { encodeJson, require } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Execution, executions } from "../lib/methods/mod.ts";
import { disposeModel } from "../lib/model/mod.ts";
import { toText } from "../lib/report/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { fileCellStore } from "./cell_store.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  main,
  pathsOption,
  type Session,
} from "./command_line.ts";
import { provenance, sourceHash } from "./provenance.ts";
import { publishTable, publishTable4 } from "./publish.ts";

interface Options {
  table: number[];
  fresh?: boolean;
  model: string[];
  accept?: boolean;
  execute: Execution;
}

/** A model to measure; the window is that of {@linkcode loadSubject}. */
interface Source {
  folder: string;
  window?: number;
}

await main((program, session) =>
  program.name("reproduce")
    .description("Regenerates tables 1-3 of the paper; measured cells are kept and used again.")
    .option(
      "--table <list>",
      'which tables, such as 1,3; 4 shows what "deno task bench block" measured',
      listOption("--table", integerOption("--table", 1, 4)),
      [1, 2, 3],
    )
    .option("--fresh", "measure every cell anew")
    .option(
      "--model <folder>",
      "a further model in Hugging Face layout; may be repeated",
      pathsOption("--model"),
      [],
    )
    .option(
      "--execute <how>",
      "emulate: dequantized floats, or integer: integer products in the linear maps of AgileQ-8; " +
        "tables then go to results/integer",
      choiceOption("--execute", executions),
      "emulate",
    )
    .option("--accept", "take what was measured on the bundled models as the new expectations")
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  session.kept = "Measured cells are kept: the same command goes on there.";
  const emulates = options.execute === "emulate";
  require(!options.accept || emulates, "read the command line", "--accept takes --execute emulate");
  const timings = options.table.includes(4) ? await readBenchRecord("block") : undefined;
  const { matrixProduct } = await useBackend("agile");
  const tables = paperTables.filter(({ number }) => options.table.includes(number));
  const bundled = tables.map(({ family }): Source => {
    const { name, recipe } = bundledModels[family];
    return { folder: `data/models/${name}`, window: recipe.window };
  });
  const settings = {
    ...session,
    store: fileCellStore("results/.cells"),
    fingerprint: await sourceHash(),
    fresh: options.fresh,
    execute: options.execute,
  };
  const measure = (sources: Source[]) => measureAll(sources, matrixProduct, tables, settings);
  // Further models first: should they be refused, that shows at once.
  const further = await measure(options.model.map((folder) => ({ folder })));
  const ours = await measure(bundled);

  const folder = emulates ? "results" : "results/integer";
  const models = [...ours, ...further];
  const origin = await provenance();
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 160;
  for (const table of tables) {
    const measured = models.filter((each) => each.table === table);
    console.log(toText(await publishTable(table, measured, origin, folder), width));
  }
  if (timings) console.log(toText(await publishTable4(timings, "results"), width));
  if (models.length > 0) console.log(summary(models));
  if (options.accept) await accept(ours);
  else failOnDrift(ours);
}

async function measureAll(
  sources: Source[],
  matrixProduct: string,
  tables: PaperTable[],
  settings: MeasureOptions,
): Promise<MeasuredModel[]> {
  const measured: MeasuredModel[] = [];
  for (const { folder, window } of sources) {
    const subject = await loadSubject(folder, { matrixProduct, window });
    measured.push(await measureModel(subject, tables, settings));
    disposeModel(subject.model);
  }
  return measured;
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
    Object.values(cells).flatMap((cell) => driftOf(cell))
  );
  if (drift.length === 0) return;
  drift.forEach((line) => console.error(`Drift in ${line}`));
  Deno.exit(1);
}

/** Writes what was measured over the expectations of the same cells. */
async function accept(models: MeasuredModel[]): Promise<void> {
  const accepted = models.flatMap(({ cells }) =>
    Object.values(cells).map(({ id, result }) => [id, figuresOf(result)])
  );
  const all = { ...expectations, ...Object.fromEntries(accepted) };
  await writeAtomically("experiments/expectations.json", `${encodeJson(all, 2)}\n`);
}
