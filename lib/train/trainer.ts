import { type Progress, require, silent } from "../core/mod.ts";
import { buildWeights, forward, logits, type Model, moduleOf, parameters } from "../model/mod.ts";
import { tensorData, tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";
import { adamW, type AdamWSettings, clipByNorm, type Moments, zeroMoments } from "./adamw.ts";
import { type Batch, drawBatch } from "./batches.ts";
import { learningRate, type Schedule } from "./schedule.ts";

/** Everything that decides what training gives. */
export interface TrainingRecipe {
  seed: number;
  /** Windows per step. */
  batch: number;
  /** Tokens per window. */
  window: number;
  schedule: Schedule;
  optimizer: AdamWSettings;
  /** Largest norm of the gradient. */
  clipNorm: number;
}

/** Where training stands; what a checkpoint keeps. */
export interface TrainingState {
  /** Steps taken. */
  step: number;
  /** Per parameter tensor, in the order of `parameters(model.weights)`. */
  moments: Moments[];
  /** Mean loss of each step, nats per token. */
  losses: number[];
}

/** What training reports to and listens to. */
export interface TrainingHooks {
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
 * The model's parameters are replaced by trained ones; the given tensors are freed.
 *
 * @param stream The tokens of the whole text.
 * @param state Where to go on; fresh if not given.
 */
export async function train(
  initial: Model,
  stream: Int32Array,
  recipe: TrainingRecipe,
  state: TrainingState | undefined,
  { progress = silent, signal, checkpoint }: TrainingHooks = {},
): Promise<{ model: Model; state: TrainingState }> {
  const { startToken } = initial.architecture;
  require(startToken !== null, "train", "the architecture must have a start token");
  const model = await withVariables(initial);
  const variables = parameters(model.weights) as tf.Variable[];
  let { step, moments, losses } = state ??
    { step: 0, moments: variables.map((variable) => zeroMoments(variable.size)), losses: [] };
  const { steps } = recipe.schedule;
  progress.start(`train ${model.name}`, steps);
  const save = () => checkpoint?.save(model, { step, moments, losses });
  while (step < steps && !signal?.aborted) {
    step++;
    const batch = drawBatch(stream, { ...recipe, startToken }, step);
    const rate = learningRate(recipe.schedule, step);
    const { loss, gradients } = lossAndGradients(model, variables, batch, recipe.batch);
    const { scale } = clipByNorm(gradients, recipe.clipNorm);
    moments = variables.map((variable, index) => {
      const decay = variable.rank > 1 ? recipe.optimizer.weightDecay : 0;
      const settings = { ...recipe.optimizer, weightDecay: decay };
      const values = tensorData(variable);
      const next = adamW(values, gradients[index], moments[index], step, rate, scale, settings);
      tidy(() => variable.assign(tf.tensor(next.values, variable.shape)));
      return next.moments;
    });
    losses.push(loss);
    progress.update(step, `loss ${recentMean(losses).toFixed(3)}`);
    if (checkpoint && step % checkpoint.every === 0 && step < steps) await save();
    await new Promise((resolve) => setTimeout(resolve)); // lets signals in
  }
  await save();
  progress.finish(`loss ${recentMean(losses).toFixed(3)}`);
  return { model, state: { step, moments, losses } };
}

/** The mean of the last 50 losses: a figure that does not hop about. */
function recentMean(losses: number[]): number {
  const recent = losses.slice(-50);
  return recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
}

function lossAndGradients(model: Model, variables: tf.Variable[], batch: Batch, windows: number) {
  return tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const { hidden } = forward(model, batch.inputs, {}, windows);
      return tf.mean(tokenCrossEntropy(logits(model, hidden), batch.targets)) as tf.Scalar;
    }, variables);
    return {
      loss: value.dataSync()[0],
      gradients: variables.map(({ name }) => tensorData(grads[name]).slice()),
    };
  });
}

/** The same model with trainable parameters; frees the given ones. */
async function withVariables(model: Model): Promise<Model> {
  const variable = (tensor: tf.Tensor) => {
    const made = tf.variable(tensor, true);
    tensor.dispose();
    return made;
  };
  const weights = await buildWeights(model.architecture, (shape) => {
    const { weight, bias } = moduleOf(model.weights, shape);
    return { weight: variable(weight), ...bias && { bias: variable(bias) as tf.Tensor1D } };
  });
  return { ...model, weights };
}
