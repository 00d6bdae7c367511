/** `deno task training`: what training for few bits and softpick change, each beside its twin. */
import { type BundledFamily, bundledModels } from "../experiments/measure/bundled.ts";
import { tokenizeSplit } from "../experiments/measure/encyclopedia.ts";
import { windowWarnings } from "../experiments/measure/text_warnings.ts";
import {
  measureTraining,
  scoredWindows,
  type TrainingConfig,
  type TrainingResult,
} from "../experiments/measure/training_measure.ts";
import { describeKept } from "../experiments/tables/keep_rows.ts";
import {
  keptTrainings,
  readTrainingRecord,
  type TrainingCell,
} from "../experiments/tables/training_record.ts";
import {
  type TrainingPart,
  trainingParts,
  type TrainingRow,
  trainingRows,
} from "../experiments/tables/training_rows.ts";
import { judgeTrainings, trainingTable } from "../experiments/tables/training_table.ts";
import { counted, InputError } from "../lib/core/mod.ts";
import { hashFile, loadTokenizer, prepareFolder } from "../lib/io/mod.ts";
import { type CellSpec, here, runCells } from "../lib/sweep/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import {
  choiceOption,
  choicesArgument,
  integerOption,
  listOption,
  main,
  pathOption,
  printWarnings,
  type Session,
} from "./command_line.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";
import { provenance } from "./provenance.ts";
import { showTable } from "./publish.ts";

interface Options {
  part?: TrainingPart[];
  steps: number;
  batch: number;
  windows: number;
  checkpoints: string;
  out?: string;
  fresh?: boolean;
}

/** How long is trained, and how much is scored, unless told otherwise. */
const standing = { steps: 200, batch: 4, windows: 32 };

/** Where the table goes, and one of other lengths. */
const outputs = { standing: "results", other: "results/local" };

const families = Object.keys(bundledModels) as BundledFamily[];

await main((program, session) =>
  program.name("training")
    .description(
      "Trains bundled models for few bits, and others with softpick, each beside its twin; run again to resume.",
    )
    .addArgument(choicesArgument("families", "llama by default", families))
    .option(
      "--part <list>",
      `what training changes, of ${trainingParts.join(", ")} (default: all); with it, or with ` +
        "families, other rows stay as the table has them",
      listOption("--part", choiceOption("--part", trainingParts)),
    )
    .option(
      "--steps <number>",
      "of each training",
      integerOption("--steps", 1, 100000),
      standing.steps,
    )
    .option("--batch <number>", "windows per step", integerOption("--batch", 1, 64), standing.batch)
    .option("--windows <number>", "test windows", integerOption("--windows", 1), standing.windows)
    .option(
      "--checkpoints <folder>",
      "where to keep checkpoints",
      pathOption("--checkpoints"),
      ".training",
    )
    .option(
      "--out <folder>",
      `where to write the table (default: ${outputs.standing}, with other --steps, --batch or ` +
        `--windows ${outputs.other})`,
      pathOption("--out"),
    )
    .option("--fresh", "measure every row anew; checkpoints are used")
    .action((chosen: BundledFamily[], options: Options) => run(chosen, options, session))
);

/** A row on a model. */
interface PlannedTraining {
  cell: CellSpec<TrainingConfig>;
  row: TrainingRow;
  family: BundledFamily;
}

async function run(chosen: BundledFamily[], options: Options, session: Session): Promise<void> {
  const { part = trainingParts, steps, batch, windows, checkpoints } = options;
  const isStanding = steps === standing.steps && batch === standing.batch &&
    windows === standing.windows;
  const out = options.out ?? (isStanding ? outputs.standing : outputs.other);
  for (const folder of [cellFolder, checkpoints, out]) await prepareFolder(folder);
  await useBackend("agile");
  session.kept = "Checkpoints and measured rows are kept: the same command goes on there.";
  const asked = chosen.length > 0 ? chosen : ["llama" as const];
  for (const family of asked) {
    const { window } = bundledModels[family].recipe;
    await scoredWindows({ folder: folderOf(family), window, windows }, session);
  }
  printWarnings(windowWarnings(windows));
  const planned = (await Promise.all(families.map((each) => planRows(each, options)))).flat();
  const path = `${out}/training`;
  const earlier = options.part || chosen.length > 0
    ? await readTrainingRecord(`${path}.json`)
    : undefined;
  const kept = earlier && keptTrainings(earlier, `${path}.json`, planned.map(({ cell }) => cell));
  const cells = planned
    .filter(({ row, family }) => asked.includes(family) && part.includes(row.part))
    .map(({ cell }) => cell);
  let text: ReturnType<typeof tokenizeSplit> | undefined; // the same for all: so is their tokenizer
  const outcome = await runCells<TrainingResult>(cells, {
    ...session,
    executor: here(({ config, model }, hooks) => {
      const split = async () =>
        await (text ??= tokenizeSplit("training", await loadTokenizer(model as string)));
      return measureTraining(config as TrainingConfig, { checkpoints, text: split }, hooks);
    }),
    store: fileCellStore(cellFolder),
    fingerprint: await fingerprintOf(measurementModules(["training_measure.ts"])),
    fresh: options.fresh,
  });
  const measured = planned.flatMap(({ cell: { id, config }, row, family }) => {
    const result = outcome.results.get(id);
    const cell: TrainingCell | undefined = result
      ? { id, config, result }
      : kept?.find((each) => each.id === id && !outcome.refusals.has(id));
    return cell ? [{ cell, row, model: bundledModels[family].name }] : [];
  });
  const problems = [...outcome.refusals.values(), ...outcome.unstored.values()];
  if (outcome.results.size > 0) {
    const models = [...Map.groupBy(measured, ({ model }) => model)].map(([model, own]) => (
      { model, rows: own.map(({ row, cell: { result } }) => ({ row, result })) }
    ));
    const notes = [
      `${counted(steps, "step")} of ${counted(batch, "window")}; scored on ` +
      `${counted(windows, "window")} of the encyclopedia's test text`,
      ...[...outcome.refusals].map(([id, reason]) => `refused: ${id}: ${reason}`),
      ...describeKept("trainings", measured.map(({ cell }) => cell), ({ id }) => id),
    ];
    const seconds = measured.flatMap(({ cell: { id } }) => {
      const taken = outcome.seconds.get(id) ?? earlier?.provenance.seconds?.[id];
      return taken === undefined ? [] : [[id, taken] as const];
    });
    const record = {
      provenance: { ...await provenance(), seconds: Object.fromEntries(seconds) },
      table: trainingTable(models, notes),
      claims: models.flatMap(judgeTrainings),
      cells: measured.map(({ cell }) => cell),
    };
    problems.push(...await showTable(record, path));
  }
  if (problems.length > 0) throw new InputError(...problems);
}

/** Every row on a model, as the options say. */
async function planRows(family: BundledFamily, options: Options): Promise<PlannedTraining[]> {
  const bundled = bundledModels[family];
  const folder = folderOf(family);
  const weights = await hashFile(`${folder}/model.safetensors`);
  const { steps, batch, windows } = options;
  return trainingRows(bundled, options).map((row) => {
    const { window } = bundled.recipe;
    const config: TrainingConfig = { folder, weights, window, windows, ...row.config };
    const label = `training/${bundled.name}/${row.key}`;
    const id = `${label}/${steps}x${batch}/${windows}`;
    return { cell: { id, label, experiment: "training", model: folder, config }, row, family };
  });
}

function folderOf(family: BundledFamily): string {
  return `data/models/${bundledModels[family].name}`;
}
