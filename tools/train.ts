/** `deno task train [FAMILY...]`: trains the bundled models and writes them to data/models. */
import {
  type BundledFamily,
  type BundledModel,
  bundledModels,
  changedModel,
  corpus,
} from "../experiments/measure/bundled.ts";
import { type TokenizedSplit, tokenizeSplit } from "../experiments/measure/encyclopedia.ts";
import { generateEncyclopedia, trainTokenizer } from "../lib/corpus/mod.ts";
import { perplexity } from "../lib/eval/mod.ts";
import {
  hashFile,
  loadTokenizer,
  prepareFolder,
  type Tokenizer,
  writeAtomically,
} from "../lib/io/mod.ts";
import { initializeModel, loadModel, saveModel } from "../lib/model/mod.ts";
import { type AttentionNormalization, useBackend } from "../lib/tensor/mod.ts";
import { resumeTraining, saveTraining, train, type TrainingState } from "../lib/train/mod.ts";
import {
  choiceOption,
  choicesArgument,
  integerOption,
  main,
  pathOption,
  type Session,
} from "./command_line.ts";
import { modelCard } from "./model_card.ts";

const checkpointEvery = 100;

interface Options {
  models: string;
  checkpoints: string;
  attention?: AttentionNormalization;
  steps?: number;
  fresh?: boolean;
}

const families = Object.keys(bundledModels) as BundledFamily[];

await main((program, session) =>
  program.name("train")
    .description("Train bundled models on the synthetic encyclopedia; run again to resume.")
    .addArgument(choicesArgument("families", "all by default", families))
    .option("--models <folder>", "where to write the models", pathOption("--models"), "data/models")
    .option(
      "--checkpoints <folder>",
      "where to keep checkpoints",
      pathOption("--checkpoints"),
      ".training",
    )
    .option(
      "--attention <kind>",
      "softmax or softpick; a model with softpick is named so",
      choiceOption("--attention", ["softmax", "softpick"] as const),
    )
    .option("--steps <number>", "2000 unless given", integerOption("--steps", 1, 1_000_000))
    .option("--fresh", "start over instead of resuming")
    .action(async (chosen: BundledFamily[], options: Options) => {
      const models = (chosen.length > 0 ? chosen : families)
        .map((name) => changedModel(bundledModels[name], options));
      for (const folder of models.flatMap((each) => Object.values(foldersOf(each, options)))) {
        await prepareFolder(folder);
      }
      await useBackend("agile");
      for (const model of models) await trainOne(model, options, session);
    })
);

/** Where a model and its checkpoints go. */
function foldersOf({ name }: BundledModel, { models, checkpoints }: Options) {
  return { folder: `${models}/${name}`, checkpoints: `${checkpoints}/${name}` };
}

/** Trains one model, from its checkpoint where there is one, and writes its folder when done. */
async function trainOne(bundled: BundledModel, options: Options, session: Session) {
  const { name, architecture, recipe } = bundled;
  const { folder, checkpoints } = foldersOf(bundled, options);
  const { progress, signal } = session;
  const step = async <Made>(what: string, make: () => Promise<Made>): Promise<Made> => {
    progress.start(`${what} of ${name}`, 1);
    const made = await make();
    progress.finish();
    signal.throwIfAborted();
    return made;
  };
  const tokenizer = await step("tokenizer", () => writeTokenizer(folder));
  const text = await step("training text", () => tokenizeSplit("training", tokenizer));

  const identity = JSON.stringify({ architecture, recipe, text: text.hash });
  const resumed = options.fresh
    ? undefined
    : await resumeTraining(checkpoints, identity, name, architecture);
  session.kept = "The checkpoint is kept: the same command goes on there.";
  const { model, state } = await train(
    resumed?.model ?? await initializeModel(name, architecture, recipe.seed),
    text.ids,
    recipe,
    resumed?.state,
    {
      ...session,
      checkpoint: {
        every: checkpointEvery,
        save: (model, state) => saveTraining(checkpoints, identity, model, state),
      },
    },
  );
  session.signal.throwIfAborted();
  await saveModel(model, folder, "F16");
  await describe(bundled, folder, tokenizer, text, state);
}

/** Trains the tokenizer, which takes seconds, and writes it to the model's folder. */
async function writeTokenizer(folder: string): Promise<Tokenizer> {
  const { vocabularySize, characters, startToken } = corpus.tokenizer;
  const { text } = generateEncyclopedia({ seed: corpus.training.seed, characters });
  const tokenizer = trainTokenizer(text, { vocabularySize, specialTokens: [startToken] });
  await writeAtomically(`${folder}/tokenizer.json`, `${JSON.stringify(tokenizer)}\n`);
  return await loadTokenizer(folder);
}

/** Measures the model as written, and writes its card and loss curve. */
async function describe(
  bundled: BundledModel,
  folder: string,
  tokenizer: Tokenizer,
  training: TokenizedSplit,
  state: TrainingState,
) {
  const test = await tokenizeSplit("test", tokenizer);
  const model = await loadModel(folder);
  const measured = await perplexity(model, test.ids, { window: bundled.recipe.window });
  const sha256 = await hashFile(`${folder}/model.safetensors`);
  const card = modelCard({ bundled, training, test, measured, sha256, losses: state.losses });
  await writeAtomically(`${folder}/README.md`, card);
  await writeAtomically(`${folder}/losses.json`, `${JSON.stringify(rounded(state.losses))}\n`);
}

/** Losses to four digits: the curve is for looking at. */
function rounded(losses: number[]): number[] {
  return losses.map((loss) => Number(loss.toFixed(4)));
}
