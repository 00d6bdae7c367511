import { canonicalJson, mean, refuse, require, sha256 } from "../../lib/core/mod.ts";
import { cutWindows, type Reading } from "../../lib/eval/mod.ts";
import { loadTokenizer } from "../../lib/io/mod.ts";
import { absmaxMethod, configure, prepareModel } from "../../lib/methods/mod.ts";
import {
  type Architecture,
  chooseStartToken,
  initializeModel,
  loadModel,
  type Model,
} from "../../lib/model/mod.ts";
import type { CellHooks } from "../../lib/sweep/mod.ts";
import {
  resumeTraining,
  saveTraining,
  train,
  type TrainedBits,
  type TrainingRecipe,
} from "../../lib/train/mod.ts";
import { type AttentionSinks, measureSinks } from "./attention_sinks.ts";
import { type TokenizedSplit, tokenizeSplit } from "./encyclopedia.ts";
import { takeReadings } from "./readings.ts";

/** How a model is trained before it is measured, as plain data. */
export interface TrainingConfig {
  /** The folder of the bundled model, whose tokenizer cuts the text. */
  folder: string;
  /** The sha256 of its weights. */
  weights: string;
  /** What is trained from fresh weights; the bundled model itself goes on unless given. */
  architecture?: Architecture;
  /** Nothing is trained without. */
  recipe?: TrainingRecipe;
  /** What it is rounded to by `absmaxMethod` when it is measured, besides what it is. */
  rounded: readonly TrainedBits[];
  /** Tokens of a test window. */
  window: number;
  /** How many are scored, the first ones of the text. */
  windows: number;
}

/** What came of a training. */
export interface TrainingResult {
  /** Mean loss of the last 50 steps, nats per token; as trained, which may be in few bits. */
  trainingLoss: number | null;
  full: Reading;
  /** In the order of the bits in the configuration. */
  rounded: Reading[];
  sinks: AttentionSinks;
}

/** How {@linkcode measureTraining} goes about it. */
export interface TrainingPlaces {
  /** Where checkpoints are kept, each training in a folder of its own. */
  checkpoints: string;
  /** The training text; asked for only where something is trained. */
  text: () => Promise<TokenizedSplit>;
}

/** Steps between two checkpoints. */
const checkpointEvery = 20;

/**
 * Trains a model, from its checkpoint where there is one, and measures it on the test text, as it is and rounded.
 *
 * @throws {InputError} If there are fewer test windows, or the model cannot be trained.
 * @throws The signal's reason once it is aborted; the checkpoint is kept.
 */
export async function measureTraining(
  config: TrainingConfig,
  places: TrainingPlaces,
  hooks: CellHooks,
): Promise<TrainingResult> {
  const { folder, rounded } = config;
  const bundled = await loadModel(folder, hooks);
  const scored = await scoredWindows(config, hooks);
  const { model, losses } = await trainedModel(bundled, config, places, hooks);
  const read = async (each: Model, options = {}) =>
    (await takeReadings(each, scored, options, hooks)).survivors;
  const readings: Reading[] = [];
  for (const { weights, activations } of rounded) {
    const settings = { weights: { bits: weights }, activations: { bits: activations } };
    const method = configure("rounded", absmaxMethod, settings);
    const quantized = await prepareModel(model, method, uncalibrated, hooks);
    readings.push(await read(quantized.model, quantized.forward));
  }
  return {
    trainingLoss: losses.length > 0 ? mean(losses.slice(-50)) : null,
    full: await read(model),
    rounded: readings,
    sinks: await measureSinks(model, scored, hooks.signal),
  };
}

/**
 * The windows of the test text that a training is scored on, the first ones.
 *
 * @throws {InputError} If there are fewer.
 */
export async function scoredWindows(
  { folder, window, windows }: Pick<TrainingConfig, "folder" | "window" | "windows">,
  { signal }: Pick<CellHooks, "signal">,
): Promise<Int32Array[]> {
  const tokenizer = await loadTokenizer(folder);
  const { ids } = await tokenizeSplit("test", tokenizer);
  const startToken = chooseStartToken(await loadModel(folder, { signal }), tokenizer);
  const all = cutWindows(ids, { window, startToken });
  const fits = windows >= 1 && windows <= all.length;
  require(fits, "measure what training gives", `windows must be 1..${all.length}`, windows);
  return all.slice(0, windows);
}

function uncalibrated(): never {
  refuse("round a model", "nothing is calibrated");
}

/** The model of a configuration, trained, and the loss of each step. */
async function trainedModel(
  bundled: Model,
  { weights, architecture, recipe }: TrainingConfig,
  { checkpoints, text }: TrainingPlaces,
  { progress, signal }: CellHooks,
): Promise<{ model: Model; losses: number[] }> {
  if (!recipe) return { model: bundled, losses: [] };
  progress.start("tokens to train on", 1);
  const { ids, hash } = await text();
  progress.finish();
  const identity = canonicalJson({ weights, architecture: architecture ?? null, recipe, hash });
  const folder = `${checkpoints}/${bundled.name}-${(await sha256(identity)).slice(0, 12)}`;
  const trained = architecture ?? bundled.architecture;
  const resumed = await resumeTraining(folder, identity, bundled.name, trained);
  const start = resumed?.model ??
    (architecture ? await initializeModel(bundled.name, architecture, recipe.seed) : bundled);
  const { model, state } = await train(start, ids, recipe, resumed?.state, {
    ...{ teacher: bundled, progress, signal },
    checkpoint: {
      every: checkpointEvery,
      save: (model, state) => saveTraining(folder, identity, model, state),
    },
  });
  signal.throwIfAborted();
  return { model, losses: state.losses };
}
