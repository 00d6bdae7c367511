import { edgeQatWeights, type TrainedBits, type TrainingRecipe } from "../../lib/train/mod.ts";
import { type BundledModel, changedModel } from "../measure/bundled.ts";
import type { TrainingConfig } from "../measure/training_measure.ts";

/** What training can change: how well a model bears few bits, and where its attention goes. */
export const trainingParts = ["quantization", "softpick"] as const;

export type TrainingPart = typeof trainingParts[number];

/** A way to train a model. */
export interface TrainingRow {
  key: string;
  /** As tables print it. */
  label: string;
  part: TrainingPart;
  config: Pick<TrainingConfig, "architecture" | "recipe" | "rounded">;
}

/** How long is trained. */
export interface TrainingLength {
  steps: number;
  /** Windows per step. */
  batch: number;
}

/** The bits that models are rounded to, by their names. */
export const roundedBits = {
  w4a8: { weights: 4, activations: 8 },
  w4a4: { weights: 4, activations: 4 },
} satisfies Record<string, TrainedBits>;

const allBits: readonly TrainedBits[] = Object.values(roundedBits);

/** The rows of a bundled model. All trainings of a part take as many steps on the same windows. */
export function trainingRows(
  bundled: BundledModel,
  { steps, batch }: TrainingLength,
): TrainingRow[] {
  const { architecture, recipe } = bundled;
  const fresh: TrainingRecipe = { ...changedModel(bundled, { steps }).recipe, batch };
  // What is trained already takes a tenth of the learning rate, on windows that the seed draws elsewhere.
  const further: TrainingRecipe = {
    ...fresh,
    seed: recipe.seed + 1,
    schedule: {
      ...fresh.schedule,
      peak: recipe.schedule.peak / 10,
      floor: recipe.schedule.floor / 10,
    },
  };
  const toBits = Object.entries(roundedBits).flatMap(([name, bits]): TrainingRow[] => {
    const [label, part] = [name.toUpperCase(), "quantization"] as const;
    const guided = { bits, guidance: edgeQatWeights };
    return [
      {
        ...{ key: `qat-${name}`, label: `trained for ${label}`, part },
        config: { recipe: { ...further, quantization: { bits } }, rounded: [bits] },
      },
      {
        ...{ key: `edgeqat-${name}`, label: `trained for ${label}, guided (EdgeQAT)`, part },
        config: { recipe: { ...further, quantization: guided }, rounded: [bits] },
      },
    ];
  });
  const { architecture: normalized } = changedModel(bundled, { attention: "softpick" });
  return [
    {
      ...{ key: "rounded", label: "rounded after training", part: "quantization" },
      config: { rounded: allBits },
    },
    {
      ...{ key: "floats", label: "trained further in float32", part: "quantization" },
      config: { recipe: further, rounded: allBits },
    },
    ...toBits,
    {
      ...{ key: "softmax", label: "softmax, from fresh weights", part: "softpick" },
      config: { architecture, recipe: fresh, rounded: allBits },
    },
    {
      ...{ key: "softpick", label: "softpick, from fresh weights", part: "softpick" },
      config: { architecture: normalized, recipe: fresh, rounded: allBits },
    },
  ];
}
