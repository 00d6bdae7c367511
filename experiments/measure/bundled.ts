import type { Architecture, FamilyName } from "../../lib/model/mod.ts";
import type { AttentionNormalization } from "../../lib/tensor/mod.ts";
import type { TrainingRecipe } from "../../lib/train/mod.ts";

/** The synthetic encyclopedia the bundled models are trained, calibrated and tested on. */
export const corpus = {
  /** Splits differ in their seed: same language, other subjects. `characters` is their length. */
  training: { seed: 1, characters: 20_000_000 },
  calibration: { seed: 2, characters: 400_000 },
  test: { seed: 3, characters: 100_000 },
  /** What settings are chosen on, so that the test text stays unseen. */
  validation: { seed: 4, characters: 100_000 },
  /** The tokenizer learns from the beginning of the training text. */
  tokenizer: { vocabularySize: 2048, characters: 4_000_000, startToken: "<s>" },
};

const window = 512;

const shared = {
  layers: 4,
  hiddenSize: 128,
  embeddingSize: 128,
  heads: 4,
  keyValueHeads: 4,
  headDim: 32,
  vocabularySize: corpus.tokenizer.vocabularySize,
  normEpsilon: 1e-5,
  normAffine: true,
  slidingWindow: null,
  normPlacement: "before",
  finalNorm: true,
  tiedHead: true,
  startToken: 0,
  startsEveryWindow: true,
} as const;

const layerNormed = {
  ...shared,
  intermediateSize: 512,
  norm: "layer",
  gated: false,
  queryKeyValueBias: true,
  outputBias: true,
  mlpBias: true,
} as const;

const architectures = {
  llama: {
    ...shared,
    family: "llama",
    intermediateSize: 352,
    maxPositions: window,
    norm: "rms",
    embeddingNorm: false,
    activation: "silu",
    gated: true,
    queryKeyValueBias: false,
    outputBias: false,
    mlpBias: false,
    positions: { kind: "rotary", theta: 10000 },
  },
  opt: {
    ...layerNormed,
    family: "opt",
    maxPositions: window,
    embeddingNorm: false,
    activation: "relu",
    positions: { kind: "learned", offset: 2 },
  },
  bloom: {
    ...layerNormed,
    family: "bloom",
    maxPositions: Infinity,
    embeddingNorm: true,
    activation: "geluTanh",
    positions: { kind: "alibi" },
  },
} satisfies Partial<Record<FamilyName, Architecture>>;

/** A family that a bundled model is of. */
export type BundledFamily = keyof typeof architectures;

/** A model that comes with the suite, and how it was trained. */
export interface BundledModel {
  name: string;
  architecture: Architecture;
  recipe: TrainingRecipe;
}

/** The bundled model of each family; expected loss and cost stand in its model card. */
export const bundledModels: Record<BundledFamily, BundledModel> = {
  llama: bundled("llama"),
  opt: bundled("opt"),
  bloom: bundled("bloom"),
};

/** Whether there is a bundled model of a family. */
export function isBundled(family: string): family is BundledFamily {
  return Object.hasOwn(bundledModels, family);
}

/** What of a bundled model can be trained another way. */
export interface BundledChanges {
  attention?: AttentionNormalization;
  steps?: number;
}

/** A bundled model trained another way, under a name that says so; where nothing changes the model itself. */
export function changedModel(
  model: BundledModel,
  { attention = "softmax", steps = model.recipe.schedule.steps }: BundledChanges,
): BundledModel {
  const { name, architecture, recipe } = model;
  const { schedule } = recipe;
  const isSoftpick = attention === "softpick";
  const warmupSteps = Math.min(schedule.warmupSteps, Math.floor(steps / 10));
  return {
    name: [name, ...isSoftpick ? [attention] : [], ...steps !== schedule.steps ? [steps] : []]
      .join("-"),
    architecture: isSoftpick
      ? { ...architecture, attentionNormalization: attention }
      : architecture,
    recipe: steps === schedule.steps
      ? recipe
      : { ...recipe, schedule: { ...schedule, steps, warmupSteps } },
  };
}

/** How `deno task train` is told to make a model of a family. */
export function trainingCommand({ architecture, recipe }: BundledModel): string {
  const { family, attentionNormalization } = architecture;
  const { steps } = recipe.schedule;
  return [
    `deno task train ${family}`,
    ...attentionNormalization ? [`--attention ${attentionNormalization}`] : [],
    ...steps !== bundledModels[family as BundledFamily].recipe.schedule.steps
      ? [`--steps ${steps}`]
      : [],
  ].join(" ");
}

function bundled(family: BundledFamily): BundledModel {
  return {
    name: `${family}-encyclopedia`,
    architecture: architectures[family],
    recipe: {
      seed: 1,
      batch: 8,
      window,
      schedule: { peak: 3e-3, floor: 3e-4, warmupSteps: 100, steps: 2000 },
      optimizer: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
      clipNorm: 1,
    },
  };
}
