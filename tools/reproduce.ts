/** `deno task reproduce`: the paper's tables with our measurements beside them, and tables of ours. */
import { bundledModels, isBundled } from "../experiments/measure/bundled.ts";
import { evaluationCells } from "../experiments/measure/evaluation.ts";
import { type ModelName, sameShape } from "../experiments/measure/model_shapes.ts";
import { SubjectPool } from "../experiments/cells/subject_pool.ts";
import { type BenchRecord, readBenchRecord, select } from "../experiments/result/bench_record.ts";
import { tableName } from "../experiments/tables/claim_table.ts";
import { driftOf } from "../experiments/tables/expectations.ts";
import {
  familyTables,
  isAbout,
  type PerplexityTable,
} from "../experiments/tables/family_tables.ts";
import {
  evaluatedBy,
  type MeasuredModel,
  planModels,
} from "../experiments/tables/measure_models.ts";
import { isAmong, keepRows, requireKeepable } from "../experiments/tables/keep_rows.ts";
import { readRecordedRows, type RecordedRows } from "../experiments/tables/measured_table.ts";
import { isNamed, namedTables } from "../experiments/tables/named_tables.ts";
import { counted, InputError, refuse, require } from "../lib/core/mod.ts";
import { exists, prepareFolder } from "../lib/io/mod.ts";
import { type Execution, executions } from "../lib/methods/mod.ts";
import { readArchitecture } from "../lib/model/mod.ts";
import { toText } from "../lib/report/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import type { CellSpec } from "../lib/sweep/mod.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import { choiceOption, keptMeasurements, listOption, main, type Session } from "./command_line.ts";
import { costTable } from "./cost_table.ts";
import {
  addExecutorOptions,
  describeSubmission,
  type ExecutorOptions,
  openExecutor,
} from "./executor_option.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";
import { measureSources } from "./measure_sources.ts";
import {
  addModelOptions,
  bundledSource,
  type ModelOptions,
  outputFolder,
  ownSources,
  type Source,
} from "./model_options.ts";
import { provenance } from "./provenance.ts";
import { showTable, table4Record, tableRecord } from "./publish.ts";
import { keptFolders } from "./kept_folders.ts";

interface Options extends ModelOptions, ExecutorOptions {
  table: string[];
  rows?: string[];
  dryRun?: boolean;
  fresh?: boolean;
  execute: Execution;
}

/** The number of the table that is not measured here, but by the benchmarks. */
const speedTable = "4";

/** Every other table by what the command line calls it. */
const tablesByName = new Map<string, PerplexityTable>([
  ...familyTables.map((table) => [`${table.number}`, table] as const),
  ...namedTables.map((table) => [table.key, table] as const),
]);

/** The tables that are reproduced unless others are asked for. */
const standing = familyTables.map(({ number }) => `${number}`);

const named = namedTables.map(({ key }) => key);

const tableNames = [...[...standing, speedTable].sort(), ...named];

/** Every row of any table. */
const rowKeys = keysOf([...tablesByName.values()]);

/** Where the tables of the bundled models go, and those with a model of one's own. */
const outputs = { bundled: "results", own: "results/local" };

await main((program, session) =>
  addExecutorOptions(addModelOptions(
    program.name("reproduce")
      .description(
        "Regenerates the paper's perplexity tables, and ours by their names; measured cells are kept " +
          "and used again.",
      )
      .option(
        "--table <list>",
        `which tables, of ${
          tableNames.join(", ")
        }; 4 shows what "deno task bench block" measured, and ` +
          "those with a name have more methods and take longer",
        listOption("--table", choiceOption("--table", tableNames)),
        standing,
      )
      .option("--fresh", "measure every cell anew"),
    "measured instead of the bundled ones",
    outputs,
  ))
    .option(
      "--rows <list>",
      `with --model: which rows of these tables, of ${
        rowKeys.join(", ")
      }; others stay as the table ` +
        "has them (default: all)",
      listOption("--rows", choiceOption("--rows", rowKeys)),
    )
    .option("--dry-run", "say what each row would take on this machine, without loading weights")
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
  if (!options.dryRun) session.kept = keptMeasurements("Measured cells are", options.fresh);
  const tables = [...tablesByName].filter(([name]) => options.table.includes(name))
    .map(([, table]) => table);
  const isTimed = options.table.includes(speedTable);
  const timings = isTimed ? await readBenchRecord("block") : undefined;
  await useBackend("agile");
  const own = await ownSources(options, session);
  for (const { ref: { name }, family } of tables.length > 0 ? own : []) {
    if (tables.some((table) => isAbout(table, family))) continue;
    const about = namesOf((table) => isAbout(table, family));
    const rule = `one of the tables must be about its family, as --table ${about} is`;
    refuse(`measure ${name}`, rule, family);
  }
  const isOwn = own.length > 0;
  require(isOwn || !options.rows, "read the command line", "--rows must come with --model");
  const other = options.rows?.find((row) => !keysOf(tables).includes(row));
  if (other !== undefined) {
    const isOurs = (table: PerplexityTable) => own.some(({ family }) => isAbout(table, family));
    const having = namesOf((table) => isOurs(table) && keysOf([table]).includes(other));
    const hint = having && `: --table ${having} has the row`;
    refuse("read the command line", `--rows must be of these tables${hint}`, other);
  }
  const shapes = isOwn && timings
    ? await Promise.all(own.map((source) => shapeOf(source, timings)))
    : undefined;
  const bundled = Object.keys(bundledModels).filter(isBundled)
    .filter((family) => tables.some((table) => isAbout(table, family))).map(bundledSource);
  const sources = tables.length === 0 ? [] : isOwn ? own : bundled;
  if (tables.length > 0 && sources.length === 0) {
    const families = tables.map(({ family }) => family).join(", ");
    refuse("reproduce tables", "--model must name a model of their families", families);
  }
  const base = outputFolder(options, outputs);
  const folder = options.execute === "emulate" ? base : `${base}/integer`;
  for (const written of [cellFolder, folder]) await prepareFolder(written);
  const earlier = new Map<PerplexityTable, RecordedRows>();
  for (const table of options.rows ? tables : []) {
    const record = await readRecordedRows(`${folder}/${table.key}.json`, "deno task reproduce");
    if (record) earlier.set(table, record);
  }

  const settings = {
    ...session,
    store: fileCellStore(cellFolder),
    fingerprint: await fingerprintOf(measurementModules(evaluatedBy)),
    fresh: options.fresh,
    execute: options.execute,
    rows: options.rows,
  };
  const pool = new SubjectPool(1, [], {
    scratch: cellFolder,
    ...await keptFolders(options),
  });
  if (earlier.size > 0 && !options.dryRun) {
    const subjects = await Promise.all(sources.map(({ ref }) => pool.read(ref, session.signal)));
    const planned = await planModels(subjects, tables, { execute: options.execute });
    for (const [table, record] of earlier) {
      const own = planned.filter((each) => each.table === table).flatMap(({ cells }) => cells);
      requireKeepable(record, `${folder}/${table.key}.json`, isAmong(own));
    }
  }
  if (options.dryRun) {
    const all: CellSpec[] = [];
    for (const { ref } of sources) {
      const subject = await pool.read(ref, session.signal);
      const planned = await planModels([subject], tables, settings);
      const names = planned.map(({ table }) => tableName(table)).join(", ");
      const cells = planned.flatMap(({ cells }) => cells);
      console.log(toText(await costTable(subject, names, cells, settings)));
      all.push(...cells);
    }
    const submission = await describeSubmission(options, all, settings);
    if (submission) console.log(submission);
    return;
  }
  await using executor = await openExecutor(options, {
    kinds: [evaluationCells],
    pool,
    session,
    fresh: options.fresh,
  });
  const { measured: models, problems } = await measureSources(sources, pool, tables, {
    ...settings,
    executor,
  });

  const origin = await provenance();
  const speeds = timings ?? (tables.some(isNamed) ? await blockTimings() : undefined);
  for (const table of tables) {
    const record = earlier.get(table);
    const measured = models.filter((each) => each.table === table)
      .map((model) => record ? keepRows(model, record) : model);
    if (measured.length === 0) continue;
    measured.forEach(sayMissing);
    const shown = tableRecord(table, measured, origin, speeds);
    problems.push(...await showTable(shown, `${folder}/${table.key}`));
  }
  if (timings) problems.push(...await showTable(table4Record(timings, shapes), `${base}/table4`));
  if (models.length > 0) console.log(summary(models));
  const expected = isOwn ? [] : models.filter(({ table }) => !isNamed(table));
  const drift = expected.flatMap(({ cells }) =>
    Object.values(cells).flatMap((cell) => driftOf(cell))
  );
  drift.forEach((line) => console.error(`Drift in ${line}`));
  if (problems.length > 0) throw new InputError(...problems);
  if (drift.length > 0) Deno.exit(1);
}

/** By which names `--table` has such tables: `2 or rivals`. */
function namesOf(isMeant: (table: PerplexityTable) => boolean): string {
  return [...tablesByName].filter(([, table]) => isMeant(table)).map(([name]) => name).join(" or ");
}

/** The keys of the measured rows of tables, each once. */
function keysOf(tables: readonly PerplexityTable[]): string[] {
  const keys = tables.flatMap(({ rows }) => rows.map(({ measured }) => measured.key));
  return [...new Set(keys)];
}

/** What the benchmarks timed, if they did. */
async function blockTimings(): Promise<BenchRecord | undefined> {
  return await exists("results/bench/block.json") ? await readBenchRecord("block") : undefined;
}

/**
 * The shape by which the benchmarks know a model.
 *
 * @throws {InputError} If they have not measured it.
 */
async function shapeOf(
  { ref: { folder, name } }: Source,
  timings: BenchRecord,
): Promise<ModelName> {
  const shape = sameShape((await readArchitecture(folder)).architecture);
  if (shape && select(timings, { model: shape }).length > 0) return shape;
  return refuse(`show table 4 of ${name}`, '"deno task bench block" must have measured its shape');
}

/** Names the rows that were not asked for and are not kept: the table is written without them. */
function sayMissing({ title, table, cells, refusals }: MeasuredModel): void {
  const missing = keysOf([table]).filter((row) => !cells[row] && !refusals[row]);
  if (missing.length === 0) return;
  console.error(`Not measured yet, and so not in ${table.key} of ${title}: ${missing.join(", ")}`);
}

function summary(models: MeasuredModel[]): string {
  const computed = models.reduce((sum, each) => sum + each.computed, 0);
  const reused = models.reduce((sum, each) => sum + each.reused, 0);
  const isRefused = models.some(({ refusals }) => Object.keys(refusals).length > 0);
  return computed === 0 && !isRefused
    ? `Nothing has changed: ${counted(reused, "cell")} measured before (--fresh measures anew).`
    : `Measured ${counted(computed, "cell")}, used ${reused} measured before.`;
}
