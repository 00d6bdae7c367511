/** `deno task ablations`: what the parts of AgileQ-8 are worth, one changed at a time. */
import { bundledModels, isBundled } from "../experiments/measure/bundled.ts";
import { evaluationCells } from "../experiments/measure/evaluation.ts";
import { SubjectPool } from "../experiments/cells/subject_pool.ts";
import {
  type AblationPart,
  ablationParts,
  ablationRows,
} from "../experiments/tables/ablation_rows.ts";
import { ablationTable } from "../experiments/tables/ablation_table.ts";
import { describeSubject, withLabels } from "../experiments/tables/describe_subject.ts";
import { judgeAblations } from "../experiments/tables/judge_ablations.ts";
import {
  isAmong,
  type KeepingTable,
  requireKeepable,
  withKept,
} from "../experiments/tables/keep_rows.ts";
import {
  type AblatedModel,
  ablationCells,
  measureAblations,
  rowsOf,
} from "../experiments/tables/measure_ablations.ts";
import { evaluatedBy, type MeasuredCell } from "../experiments/tables/measure_models.ts";
import { readRecordedRows } from "../experiments/tables/measured_table.ts";
import { counted, InputError } from "../lib/core/mod.ts";
import { prepareFolder } from "../lib/io/mod.ts";
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
import { readSubjects } from "./measure_sources.ts";
import {
  addModelOptions,
  bundledSource,
  type ModelOptions,
  outputFolder,
  ownSources,
} from "./model_options.ts";
import { provenance } from "./provenance.ts";
import { showTable, type TableRecord } from "./publish.ts";
import { keptFolders } from "./kept_folders.ts";

interface Options extends ModelOptions, ExecutorOptions {
  part?: AblationPart[];
  dryRun?: boolean;
  fresh?: boolean;
}

/** Where the table of the bundled models goes, and that of a model of one's own. */
const outputs = { bundled: "results", own: "results/local" };

/** How rows that are not asked for stay in the table. */
const keeping: KeepingTable<MeasuredCell> = {
  table: "ablations",
  order: (one, other) => place(one) - place(other),
};

function place({ row }: MeasuredCell): number {
  return ablationRows.findIndex(({ key }) => key === row);
}

await main((program, session) =>
  addExecutorOptions(addModelOptions(
    program.name("ablations")
      .description(
        "Measures AgileQ-8 with one thing changed at a time; measured cells are kept and used again.",
      )
      .option(
        "--part <list>",
        `what is changed, of ${ablationParts.join(", ")}; other rows stay as the table has them ` +
          "(default: all)",
        listOption("--part", choiceOption("--part", ablationParts)),
      )
      .option("--fresh", "measure every cell anew"),
    "measured instead of the bundled ones",
    outputs,
  ))
    .option("--dry-run", "say what each row would take on this machine, without loading weights")
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  if (!options.dryRun) session.kept = keptMeasurements("Measured cells are", options.fresh);
  await useBackend("agile");
  const own = await ownSources(options, session);
  const folder = outputFolder(options, outputs);
  for (const written of [cellFolder, folder]) await prepareFolder(written);
  const bundled = Object.keys(bundledModels).filter(isBundled).map(bundledSource);
  const pool = new SubjectPool(1, [], {
    scratch: cellFolder,
    ...await keptFolders(options),
  });
  const sources = own.length > 0 ? own : bundled;
  const { subjects, problems } = await readSubjects(sources, pool, session.signal);
  const path = `${folder}/ablations`;
  const earlier = options.part && !options.dryRun
    ? await readRecordedRows(`${path}.json`, "deno task ablations")
    : undefined;
  if (earlier) {
    const cells = await Promise.all(subjects.map((each) => ablationCells(each, ablationRows)));
    requireKeepable(earlier, `${path}.json`, isAmong(cells.flat()));
  }
  const settings = {
    ...session,
    store: fileCellStore(cellFolder),
    fingerprint: await fingerprintOf(measurementModules(evaluatedBy)),
    fresh: options.fresh,
  };
  if (options.dryRun) {
    const all: CellSpec[] = [];
    for (const subject of subjects) {
      const cells = await ablationCells(subject, rowsOf(options.part));
      console.log(toText(await costTable(subject, "Ablations", cells, settings)));
      all.push(...cells);
    }
    const submission = await describeSubmission(options, all, settings);
    if (submission) console.log(submission);
    if (problems.length > 0) throw new InputError(...problems);
    return;
  }
  await using executor = await openExecutor(options, {
    kinds: [evaluationCells],
    pool,
    session,
    fresh: options.fresh,
  });
  const models = await measureAblations(subjects, {
    ...settings,
    executor,
    parts: options.part,
  });
  problems.push(...models.flatMap((model) => model.problems));
  if (models.some(({ cells }) => cells.size > 0)) {
    const whole = models.map((model) => earlier ? withKept(model, earlier, keeping) : model);
    const measured = whole.filter(({ cells }) => cells.size > 0);
    const record = await recordOf(measured);
    problems.push(...await showTable(record, path));
    console.log(summary(measured));
  }
  if (problems.length > 0) throw new InputError(...problems);
}

async function recordOf(models: readonly AblatedModel[]): Promise<TableRecord> {
  return {
    provenance: await provenance(),
    table: ablationTable(models, models.map(({ subject }) => describeSubject(withLabels(subject)))),
    claims: models.flatMap(judgeAblations),
    cells: models.flatMap(({ cells }) => [...cells.values()]),
  };
}

function summary(models: readonly AblatedModel[]): string {
  const sum = (of: (model: AblatedModel) => number) =>
    models.reduce((total, model) => total + of(model), 0);
  const measured = counted(sum(({ computed }) => computed), "cell");
  return `Measured ${measured}, used ${sum(({ reused }) => reused)} measured before.`;
}
