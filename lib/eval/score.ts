import { counted, type Progress, refuse, require, silent } from "../core/mod.ts";
import {
  blameNonFinite,
  eachWindow,
  type FinalStreams,
  type Finished,
  type ForwardOptions,
  headOperands,
  type Model,
  type Runner,
} from "../model/mod.ts";
import { scoreTokens, tensorData, tf, tidy } from "../tensor/mod.ts";

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
  /** Keeps scores as they come, and has those of a run that did not end: its windows do not run again. */
  kept?: KeptScores;
}

/** Scores of windows, from the first on; of each those of every runner. */
export interface KeptScores {
  /** Those that are there, for so many runners; fewer than `most` windows, or as many. */
  read(runners: number, most: number): Promise<WindowScores[][]>;
  /** Keeps those of the next window. */
  add(scores: WindowScores[]): void;
}

/**
 * Scores every position of windows. A pruned position exits early: its last hidden state goes
 * through the final norm and the head.
 *
 * The last window runs whatever is kept, so that callers may look at what runs.
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
    kept,
    progress = silent,
    signal,
  }: ScoreOptions = {},
): Promise<WindowScores[][]> {
  for (const { model } of runners) requireScorable(model, windows, reference);
  const stoppable = runners.map(({ model, base, options }) => ({
    ...{ model, base },
    options: { signal, ...options },
  }));
  const all: Runner[] = reference ? [...stoppable, { model: reference, final }] : stoppable;
  require(runners.length > 0, "score windows", "there must be at least one model");
  progress.start(label ?? `perplexity of ${runners[0].model.name}`, windows.length);
  const scores = await kept?.read(runners.length, windows.length - 1) ?? [];
  const left = windows.slice(scores.length);
  const first = scores.length;
  const onStep = (done: number) => progress.update(first + done);
  const running = eachWindow(all, left, { onStep, signal }, (finished, index) => {
    const expected = reference && finished.at(-1)!;
    return runners.map((_, order) => {
      signal?.throwIfAborted();
      return scoreWindow(finished[order], left[index], expected);
    });
  });
  for await (const own of running) {
    const window = windows[scores.length];
    for (const [order, { model, options }] of stoppable.entries()) {
      await requireNumbers(own[order], model, window, options, reference);
    }
    scores.push(own);
    kept?.add(own);
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
  for (const position of positions) if (position < count) scores.survived[position] = 1;
  for (const group of [{ hidden, positions }, ...exits]) {
    const at = group.positions.filter((position) => position < count);
    if (at.length === 0) continue;
    tidy(() => {
      const head = headOperands(owner, tf.slice2d(group.hidden, [0, 0], [at.length, -1]));
      const expected = reference &&
        headOperands(reference, tf.gather(reference.run.hidden, tf.tensor1d(at, "int32")));
      const targets = at.map((position) => window[position + 1]);
      const { loss, referenceLoss, divergence, agreement } = scoreTokens(head, targets, expected);
      scatter(loss, at, scores.loss);
      if (!reference) return;
      scatter(referenceLoss!, at, scores.referenceLoss!);
      scatter(divergence!, at, scores.divergence!);
      scatter(agreement!, at, scores.agreement!);
    });
  }
  return scores;
}

/** Puts the values of rows where their positions are. */
function scatter(
  values: tf.Tensor1D,
  positions: Int32Array,
  target: Float32Array | Uint8Array,
): void {
  const data = tensorData(values);
  positions.forEach((position, row) => target[position] = data[row]);
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
