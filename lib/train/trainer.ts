import { letSignalsIn, type Progress, refuse, require, silent } from "../core/mod.ts";
import type { Model } from "../model/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import { adamW, type AdamWSettings, clipByNorm, type Moments, zeroMoments } from "./adamw.ts";
import { drawBatch } from "./batches.ts";
import { lossAndGradients } from "./gradients.ts";
import type { GuidanceWeights } from "./guidance.ts";
import { learningRate, type Schedule } from "./schedule.ts";
import type { TrainedBits } from "./straight_through.ts";
import { openTrainable } from "./trainable.ts";

/** Everything that decides what training gives. */
export interface TrainingRecipe {
  seed: number;
  /** Windows per step. */
  batch: number;
  /** Tokens per window. */
  window: number;
  schedule: Schedule;
  /** Weight decay spares biases and the gains of norms. */
  optimizer: AdamWSettings;
  /** Largest norm of the gradient. */
  clipNorm: number;
  /** What the model is trained to be quantized to; it is trained in full precision without. */
  quantization?: QuantizationRecipe;
}

/** How a model is trained to be quantized. */
export interface QuantizationRecipe {
  bits: TrainedBits;
  /** How much a teacher counts; the cross-entropy alone is minimized without. */
  guidance?: GuidanceWeights;
}

/** Where training stands; what a checkpoint keeps. */
export interface TrainingState {
  /** Steps taken. */
  step: number;
  /** Per parameter tensor, in the order of `parametersOf`. */
  moments: Moments[];
  /** Mean cross-entropy of each step, nats per token. */
  losses: number[];
}

/** What training reports to and listens to, and whom it learns from. */
export interface TrainingHooks {
  /** The model in full precision, which guidance needs. */
  teacher?: Model;
  progress?: Progress;
  /** Stops after the current step. */
  signal?: AbortSignal;
  /** Called every `every` steps, at the end, and when stopped. */
  checkpoint?: {
    every: number;
    save(model: Model, state: TrainingState): Promise<void>;
  };
}

/**
 * Trains a model on a stream of tokens with AdamW, warm-up, cosine decay and gradient clipping.
 *
 * @param stream The tokens of the whole text.
 * @param state Where to go on; fresh if not given.
 * @throws {InputError} If the architecture has no start token, the stream is shorter than a window, bits are not
 *   2..8, guidance has no teacher, or the loss ceases to be finite.
 */
export async function train(
  initial: Model,
  stream: Int32Array,
  recipe: TrainingRecipe,
  state: TrainingState | undefined,
  { teacher, progress = silent, signal, checkpoint }: TrainingHooks = {},
): Promise<{ model: Model; state: TrainingState }> {
  const { startToken } = initial.architecture;
  require(startToken !== null, "train", "the architecture must have a start token");
  const { bits, guidance } = recipe.quantization ?? {};
  using opened = new DisposableStack();
  const model = opened.use(await openTrainable(initial, bits));
  const guide = guidance && {
    teacher: opened.use(
      await openTrainable(teacher ?? refuse("train with guidance", "there must be a teacher")),
    ),
    weights: guidance,
  };
  const { variables } = model;
  const losses = state?.losses.slice() ?? [];
  let step = state?.step ?? 0;
  let moments = state?.moments ?? variables.map((variable) => zeroMoments(variable.size));
  const { steps } = recipe.schedule;
  const save = async () =>
    await checkpoint?.save(await model.snapshot(), { step, moments, losses });
  progress.start(`train ${model.name}`, steps);
  while (step < steps && !signal?.aborted) {
    step++;
    const batch = drawBatch(stream, { ...recipe, startToken }, step);
    const { loss, objective, gradients } = lossAndGradients(model, batch, recipe.batch, guide);
    require(
      Number.isFinite(objective),
      "train",
      `the loss of step ${step} must be finite`,
      objective,
    );
    moments = update(variables, gradients, moments, step, recipe);
    losses.push(loss);
    progress.update(step, recentLoss(losses));
    if (checkpoint && step % checkpoint.every === 0 && step < steps) await save();
    await letSignalsIn();
  }
  await save();
  progress.finish(recentLoss(losses));
  return { model: await model.snapshot(), state: { step, moments, losses } };
}

/** Takes one step of the optimizer and returns the new moments. */
function update(
  variables: tf.Variable[],
  gradients: Float32Array[],
  moments: Moments[],
  step: number,
  { schedule, optimizer, clipNorm }: TrainingRecipe,
): Moments[] {
  const settings = {
    ...optimizer,
    step,
    learningRate: learningRate(schedule, step),
    gradientScale: clipByNorm(gradients, clipNorm).scale,
  };
  return variables.map((variable, index) => {
    const weightDecay = variable.rank > 1 ? optimizer.weightDecay : 0;
    const values = tensorData(variable);
    const next = adamW(values, gradients[index], moments[index], { ...settings, weightDecay });
    tidy(() => variable.assign(tf.tensor(next.values, variable.shape)));
    return next.moments;
  });
}

/** The mean of the last 50 losses: a figure that does not hop about. */
function recentLoss(losses: number[]): string {
  const recent = losses.slice(-50);
  const mean = recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
  return recent.length > 0 ? `loss ${mean.toFixed(3)}` : "no step taken";
}
