/** `deno task training`: what training for few bits and softpick change, each beside its twin. */
import { Argument } from "commander";
import { type BundledFamily, bundledModels } from "../experiments/measure/bundled.ts";
import { tokenizeSplit } from "../experiments/measure/encyclopedia.ts";
import {
  measureTraining,
  type TrainingConfig,
  type TrainingResult,
} from "../experiments/measure/training_measure.ts";
import {
  type TrainingPart,
  trainingParts,
  trainingRows,
} from "../experiments/tables/training_rows.ts";
import {
  judgeTrainings,
  type MeasuredTrainings,
  trainingTable,
} from "../experiments/tables/training_table.ts";
import { counted, InputError } from "../lib/core/mod.ts";
import { hashFile, loadTokenizer, prepareFolder } from "../lib/io/mod.ts";
import { type CellSpec, here, runCells } from "../lib/sweep/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  main,
  pathOption,
  type Session,
} from "./command_line.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";
import { provenance } from "./provenance.ts";
import { showTable } from "./publish.ts";

interface Options {
  part: TrainingPart[];
  steps: number;
  batch: number;
  windows: number;
  checkpoints: string;
  out: string;
  fresh?: boolean;
}

const families = Object.keys(bundledModels) as BundledFamily[];

await main((program, session) =>
  program.name("training")
    .description(
      "Trains bundled models for few bits, and others with softpick, each beside its twin; run again to resume.",
    )
    .addArgument(new Argument("[families...]", "llama by default").choices(families))
    .option(
      "--part <list>",
      `what training changes, of ${trainingParts.join(", ")}`,
      listOption("--part", choiceOption("--part", trainingParts)),
      [...trainingParts],
    )
    .option("--steps <number>", "of each training", integerOption("--steps", 1, 100000), 200)
    .option("--batch <number>", "windows per step", integerOption("--batch", 1, 64), 4)
    .option("--windows <number>", "test windows", integerOption("--windows", 1), 32)
    .option(
      "--checkpoints <folder>",
      "where to keep checkpoints",
      pathOption("--checkpoints"),
      ".training",
    )
    .option("--out <folder>", "where to write the table", pathOption("--out"), "results")
    .option("--fresh", "measure every row anew; checkpoints are used")
    .action(async (chosen: BundledFamily[], options: Options) => {
      await run(chosen.length > 0 ? chosen : ["llama"], options, session);
    })
);

async function run(chosen: BundledFamily[], options: Options, session: Session): Promise<void> {
  const { part, windows, checkpoints, out } = options;
  for (const folder of [cellFolder, checkpoints, out]) await prepareFolder(folder);
  await useBackend("agile");
  session.kept = "Checkpoints and measured rows are kept: the same command goes on there.";
  const cells = (await Promise.all(chosen.map(async (family) => {
    const bundled = bundledModels[family];
    const folder = `data/models/${bundled.name}`;
    const weights = await hashFile(`${folder}/model.safetensors`);
    const rows = trainingRows(bundled, options).filter((row) => part.includes(row.part));
    return rows.map((row) => {
      const { window } = bundled.recipe;
      const config: TrainingConfig = { folder, weights, window, windows, ...row.config };
      const label = `training/${bundled.name}/${row.key}`;
      const { steps, batch } = options;
      const id = `${label}/${steps}x${batch}/${windows}`;
      return { cell: { id, label, experiment: "training", model: folder, config }, row, bundled };
    });
  }))).flat();
  let text: ReturnType<typeof tokenizeSplit> | undefined; // the same for all: so is their tokenizer
  const outcome = await runCells<TrainingResult>(cells.map(({ cell }) => cell as CellSpec), {
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
  const models = chosen.map((family): MeasuredTrainings => ({
    model: bundledModels[family].name,
    rows: cells.flatMap(({ cell, row, bundled }) => {
      const result = bundled === bundledModels[family] && outcome.results.get(cell.id);
      return result ? [{ row, result }] : [];
    }),
  })).filter(({ rows }) => rows.length > 0);
  const problems = [...outcome.refusals.values(), ...outcome.unstored.values()];
  if (models.length > 0) {
    const { steps, batch } = options;
    const note = `${counted(steps, "step")} of ${counted(batch, "window")}; scored on ` +
      `${counted(windows, "window")} of the encyclopedia's test text`;
    const table = trainingTable(models, [note]);
    const record = {
      provenance: { ...await provenance(), seconds: Object.fromEntries(outcome.seconds) },
      table,
      claims: models.flatMap(judgeTrainings),
      cells: cells.map(({ cell: { id, config } }) => ({
        ...{ id, config },
        result: outcome.results.get(id) ?? null,
      })),
    };
    problems.push(...await showTable(record, `${out}/training`));
  }
  if (problems.length > 0) throw new InputError(...problems);
}
