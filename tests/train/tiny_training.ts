import { type Architecture, initializeModel, type Model } from "../../lib/model/mod.ts";
import type { TrainingRecipe } from "../../lib/train/mod.ts";
import { families } from "../model/tiny_models.ts";

/** A text that repeats: each token but a window's first follows from the one before. */
export const stream = Int32Array.from({ length: 400 }, (_, index) => 1 + index % 7);

/** A recipe of 60 quick steps. */
export const recipe: TrainingRecipe = {
  seed: 5,
  batch: 4,
  window: 16,
  schedule: { peak: 2e-2, floor: 2e-3, warmupSteps: 5, steps: 60 },
  optimizer: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
  clipNorm: 1,
};

/** The smallest architecture of each family that learns the text. */
export const architectures = Object.fromEntries(
  Object.entries(families).map(([family, architecture]): [string, Architecture] => [family, {
    ...architecture,
    layers: 1,
    vocabularySize: 8,
    startToken: 0,
  }]),
);

/** A fresh model to train. */
export function newModel(architecture = architectures.llama): Promise<Model> {
  return initializeModel("tiny", architecture, recipe.seed);
}
