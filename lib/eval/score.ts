import { counted, type Progress, refuse, require, silent } from "../core/mod.ts";
import {
  blameNonFinite,
  eachWindow,
  type FinalStreams,
  type Finished,
  type ForwardOptions,
  logits,
  type Model,
  type Runner,
} from "../model/mod.ts";
import { compareDistributions, tensorData, tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";

/** What long evaluations report to and listen to. */
export interface RunHooks {
  progress?: Progress;
  /** Stops the work by throwing the signal's reason. */
  signal?: AbortSignal;
}

/**
 * What a model made of one window. Entry i belongs to position i, which predicts the original
 * token i + 1 whether or not that token was pruned; the last position predicts nothing.
 */
export interface WindowScores {
  /** Negative log-likelihood of the next token in nats, `[tokens - 1]`. */
  loss: Float32Array;
  /** 1 where the position reached the end, 0 where it was pruned and left early. */
  survived: Uint8Array;
  /** The reference's `loss`; with a reference only. */
  referenceLoss?: Float32Array;
  /** KL divergence from the reference's next-token distribution, nats; with a reference only. */
  divergence?: Float32Array;
  /** 1 where the most likely next token is the reference's; with a reference only. */
  agreement?: Uint8Array;
}

/** Besides the windows, what scoring is told. */
export interface ScoreOptions extends RunHooks {
  /** The model to compare next-token distributions with, run without options. */
  reference?: Model;
  /** Where the reference need not run again on windows that this keeps of it. */
  referenceStreams?: FinalStreams;
  /** What progress is reported under. */
  label?: string;
  /**
   * How much of a head's output is held at a time, in elements (but at least one position); 256 MiB
   * of float32 unless given. The scores do not depend on it.
   */
  logitBudget?: number;
}

/**
 * Scores every position of windows. A pruned position exits early: its last hidden state goes
 * through the final norm and the head.
 *
 * @param runners What every window runs through: a model, or several ways to run it.
 * @param windows Token ids, each `[tokens]`, at least two.
 * @returns For each window the scores of every runner, in their order.
 * @throws {InputError} If a window is too short or too long, an id is outside the vocabulary, the
 *   reference has another vocabulary, or a model gives NaN: the message names the tensor, or the site,
 *   and the layer that is not finite first.
 */
export async function scoreRuns(
  runners: readonly Runner[],
  windows: readonly Int32Array[],
  {
    reference,
    referenceStreams: final,
    label,
    logitBudget = 2 ** 26,
    progress = silent,
    signal,
  }: ScoreOptions = {},
): Promise<WindowScores[][]> {
  for (const { model } of runners) requireScorable(model, windows, reference);
  const stoppable = runners.map(({ model, options }) => ({
    model,
    options: { signal, ...options },
  }));
  const all: Runner[] = reference ? [...stoppable, { model: reference, final }] : stoppable;
  require(runners.length > 0, "score windows", "there must be at least one model");
  progress.start(label ?? `perplexity of ${runners[0].model.name}`, windows.length);
  const onStep = (done: number) => progress.update(done);
  const running = eachWindow(all, windows, { onStep, signal }, (finished, index) => {
    const expected = reference && finished.at(-1)!;
    return runners.map((_, order) => {
      signal?.throwIfAborted();
      return scoreWindow(finished[order], windows[index], expected, logitBudget);
    });
  });
  const scores: WindowScores[][] = [];
  for await (const own of running) {
    const window = windows[scores.length];
    for (const [order, { model, options }] of stoppable.entries()) {
      await requireNumbers(own[order], model, window, options, reference);
    }
    scores.push(own);
  }
  progress.finish();
  return scores;
}

/**
 * Scores every position of windows with one model, as {@linkcode scoreRuns} does.
 *
 * @returns The scores of each window.
 */
export async function scoreWindows(
  model: Model,
  windows: readonly Int32Array[],
  options: ForwardOptions & ScoreOptions = {},
): Promise<WindowScores[]> {
  const scores = await scoreRuns([{ model, options }], windows, options);
  return scores.map(([own]) => own);
}

function requireScorable(model: Model, windows: readonly Int32Array[], reference?: Model): void {
  const action = actionOf(model);
  const shortest = windows.find(({ length }) => length < 2);
  require(!shortest, action, "a window must have at least 2 tokens", shortest?.length);
  const { vocabularySize } = model.architecture;
  const other = reference?.architecture.vocabularySize ?? vocabularySize;
  const rule = `the reference must know ${counted(vocabularySize, "token")}`;
  require(other === vocabularySize, action, rule, other);
}

function actionOf({ name }: Model): string {
  return `score a window with ${name}`;
}

/** Scores a window that has passed all blocks. Run it in `tidy`. */
function scoreWindow(
  { run: { hidden, positions, exits }, ...owner }: Finished,
  window: Int32Array,
  reference: Finished | undefined,
  logitBudget: number,
): WindowScores {
  const count = window.length - 1;
  const scores: WindowScores = {
    loss: new Float32Array(count),
    survived: new Uint8Array(count),
    ...reference && {
      referenceLoss: new Float32Array(count),
      divergence: new Float32Array(count),
      agreement: new Uint8Array(count),
    },
  };
  const step = Math.max(1, Math.floor(logitBudget / owner.architecture.vocabularySize));
  for (const position of positions) if (position < count) scores.survived[position] = 1;
  for (const group of [{ hidden, positions }, ...exits]) {
    const scored = group.positions.filter((position) => position < count);
    for (let from = 0; from < scored.length; from += step) {
      const at = scored.subarray(from, from + step);
      tidy(() => {
        const predicted = logits(owner, tf.slice2d(group.hidden, [from, 0], [at.length, -1]));
        recordLosses(scores.loss, at, predicted, window);
        if (!reference) return;
        const same = tf.gather(reference.run.hidden, tf.tensor1d(at, "int32"));
        const byReference = logits(reference, same);
        recordLosses(scores.referenceLoss!, at, byReference, window);
        recordComparison(scores, at, predicted, byReference);
      });
    }
  }
  return scores;
}

/** Refuses scores that are NaN, and says where a model ceased to give numbers. */
async function requireNumbers(
  { loss, divergence }: WindowScores,
  model: Model,
  window: Int32Array,
  options?: ForwardOptions,
  reference?: Model,
): Promise<void> {
  if (loss.includes(NaN)) {
    await blameNonFinite(actionOf(model), model, window, options);
    refuse(actionOf(model), "its logits must be numbers", NaN);
  }
  if (divergence?.includes(NaN)) {
    await blameNonFinite(actionOf(reference!), reference!, window);
    refuse(actionOf(model), `its divergence from ${reference!.name} must be a number`, NaN);
  }
}

function recordLosses(
  loss: Float32Array,
  positions: Int32Array,
  predicted: tf.Tensor2D,
  window: Int32Array,
): void {
  const targets = positions.map((position) => window[position + 1]);
  const losses = tensorData(tokenCrossEntropy(predicted, targets));
  positions.forEach((position, row) => loss[position] = losses[row]);
}

function recordComparison(
  scores: WindowScores,
  positions: Int32Array,
  predicted: tf.Tensor2D,
  expected: tf.Tensor2D,
): void {
  const comparison = compareDistributions(expected, predicted);
  const divergence = tensorData(comparison.divergence);
  const agreement = tensorData(comparison.agreement);
  positions.forEach((position, row) => {
    scores.divergence![position] = divergence[row];
    scores.agreement![position] = agreement[row];
  });
}
