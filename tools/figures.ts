/** `deno task figures`: the paper's figures, measured on the bundled models or on others. */
import { dirname, join } from "node:path";
import { Option } from "commander";
import { cellKinds } from "../experiments/cells/cell_kinds.ts";
import type { FigureExperiment } from "../experiments/figures/figure.ts";
import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import { SubjectPool } from "../experiments/cells/subject_pool.ts";
import { figures } from "../experiments/figures/figures.ts";
import type { EarlierRecords } from "../experiments/tables/keep_rows.ts";
import { readRecordedRows, type RecordedRows } from "../experiments/tables/measured_table.ts";
import { readBenchRecord } from "../experiments/result/bench_record.ts";
import { canonicalJson, InputError, refuse, sha256 } from "../lib/core/mod.ts";
import { prepareFolder } from "../lib/io/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { cellFolder, fileCellStore, timedStore } from "./cell_store.ts";
import { keptMeasurements, listOption, main, printWarnings, type Session } from "./command_line.ts";
import { datasetOption } from "./dataset_argument.ts";
import { drawAll } from "./draw_all.ts";
import {
  addExecutorOptions,
  type ExecutorOptions,
  openExecutor,
  showCells,
} from "./executor_option.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";
import { refusalsOf } from "./measure_sources.ts";
import {
  addModelOptions,
  bundledSource,
  type ModelOptions,
  outputFolder,
  ownSources,
  type Source,
} from "./model_options.ts";
import { benchProvenance, provenance } from "./provenance.ts";
import { publishFigure } from "./publish_figure.ts";
import { keptFolders } from "./kept_folders.ts";

interface Options extends ModelOptions, ExecutorOptions {
  figure: FigureExperiment[];
  fresh?: boolean;
  dryRun?: boolean;
}

/** Where figures of the bundled models go, and those of a model of one's own. */
const outputs = { bundled: "results/figures", own: "results/local/figures" };

/** Of the names of models in the names of files: these end at 255 bytes on most systems. */
const longestStem = 120;

await main((program, session) =>
  addExecutorOptions(addModelOptions(
    program.name("figures")
      .description("Draws the figures; what was measured is kept and used again.")
      .addOption(
        new Option("--figure <list>", "which figures, such as 1,7 or sensitivity")
          .argParser(listOption("--figure", figureNamed))
          .default(figures, "all"),
      )
      .option(
        "--validation <file>",
        "what settings are chosen on, as --calibration (default: the second half of what tests a " +
          "model, which then tests on the first half)",
        datasetOption("--validation"),
      )
      .option("--fresh", "measure anew"),
    "drawn instead of the bundled ones",
    outputs,
  ))
    .option("--dry-run", "say which cells would be measured, without loading weights")
    .action((options: Options) => run(options, session))
);

function figureNamed(text: string): FigureExperiment {
  return figures.find(({ name }) => name === text || name === `figure${text}`) ??
    refuse(
      "read the command line",
      `--figure must be ${figures.map(({ name }) => name.replace("figure", "")).join(" or ")}`,
      text,
    );
}

async function run(options: Options, session: Session): Promise<void> {
  if (!options.dryRun) session.kept = keptMeasurements("What was measured is", options.fresh);
  await useBackend("agile");
  const own = await ownSources(options, session);
  const folder = outputFolder(options, outputs);
  for (const written of [cellFolder, folder]) await prepareFolder(written);
  const kept = fileCellStore(cellFolder);
  const checkout = await provenance();
  const pool = new SubjectPool(Infinity, [], await keptFolders(options));
  const warned = new Set<UnloadedSubject>();
  const read = async ({ ref }: Source) => {
    const subject = await pool.read({ ...ref, choosing: true }, session.signal);
    if (!warned.has(subject)) printWarnings(subject.warnings);
    warned.add(subject);
    return subject;
  };
  await using executor = await openExecutor(options, {
    kinds: cellKinds,
    pool,
    session,
    fresh: options.fresh,
  });
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    const reasons = await refusalsOf(async () => void await work());
    problems.push(...reasons.map((reason) => `${what}: ${reason}`));
    return reasons.length === 0;
  };
  const usable: Source[] = [];
  for (const source of options.figure.some(needsModels) ? own : []) {
    if (await attempt(source.ref.name, () => read(source))) usable.push(source);
  }
  const drawable = (experiment: FigureExperiment) =>
    !needsModels(experiment) || own.length === 0 || usable.length > 0;
  for (const experiment of options.figure.filter(drawable)) {
    await attempt(experiment.name, async () => {
      const models: UnloadedSubject[] = [];
      for (const source of sourcesOf(experiment, usable)) models.push(await read(source));
      const store = timedStore(kept);
      const isKept = own.length > 0 && !options.fresh;
      const earlier = isKept ? await recordsBeside(folder, experiment) : undefined;
      const settings = {
        ...session,
        ...{ store, earlier, fresh: options.fresh },
        fingerprint: await fingerprintOf(measurementModules(experiment.measuredBy)),
      };
      if (options.dryRun) {
        const cells = await showCells(
          options,
          async (executor) => void await drawAll(experiment, models, { ...settings, executor }),
        );
        console.log(`${experiment.name}: ${cells}`);
        return;
      }
      const { figure, subjects, refusals } = await drawAll(experiment, models, {
        ...settings,
        executor,
      });
      const stem = await stemOf(figure.name, own.length > 0 ? subjects : []);
      const said = [figure.agreement, ...figure.details];
      console.log(`${figure.title} (${folder}/${stem}.svg)\n${said.join("\n")}\n`);
      // The figure of the bundled models is of all of them or not written.
      if (own.length > 0) problems.push(...refusals.map((line) => `${experiment.name}: ${line}`));
      else if (refusals.length > 0) throw new InputError(...refusals);
      const { bench } = experiment;
      const origin = bench
        ? benchProvenance(await readBenchRecord(bench))
        : { ...checkout, seconds: store.seconds };
      await publishFigure(figure, origin, folder, stem);
    });
  }
  if (problems.length > 0) throw new InputError(...problems);
}

function needsModels({ families }: FigureExperiment): boolean {
  return families.length > 0;
}

/** Tables whose rows a figure shows, as "deno task reproduce" wrote them to the folder that figures are in. */
async function recordsBeside(
  folder: string,
  { tables = [] }: FigureExperiment,
): Promise<EarlierRecords> {
  const records = await Array.fromAsync(tables, async ({ key }) => {
    const path = join(dirname(folder), `${key}.json`);
    return [key, await readRecordedRows(path, "deno task reproduce")] as const;
  });
  return new Map(records.filter((entry): entry is [string, RecordedRows] => !!entry[1]));
}

/** The models that a figure is drawn for: those of the command line, or the bundled ones. */
function sourcesOf({ families }: FigureExperiment, own: Source[]): Source[] {
  if (families.length === 0) return [];
  return own.length > 0 ? own : families.map(bundledSource);
}

/**
 * What the files of a figure are called: after the models, and after all that identifies them and what
 * they were measured on, so that no other model of their names writes over them.
 */
async function stemOf(figure: string, subjects: readonly UnloadedSubject[]): Promise<string> {
  if (subjects.length === 0) return figure;
  const names = subjects.map(({ ref, model }) =>
    (ref.name ?? model.name).replaceAll(/[^\w.-]+/g, "-")
  ).join("-");
  const identity = await sha256(canonicalJson(subjects.map(({ facts }) => facts)));
  return [figure, names.slice(0, longestStem), identity.slice(0, 8)].join("-");
}
