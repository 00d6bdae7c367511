import { type Estimate, type Progress, silent } from "../core/mod.ts";
import { chooseStartToken, type ForwardOptions, type Model } from "../model/mod.ts";
import { readScores } from "./reading.ts";
import { scoreWindow, type WindowScores } from "./score.ts";
import { cutWindows, type WindowOptions } from "./windows.ts";

/** What long evaluations report to and listen to. */
export interface RunHooks {
  progress?: Progress;
  /** Stops between two windows by throwing the signal's reason. */
  signal?: AbortSignal;
}

/** What {@linkcode perplexity} measured. */
export interface PerplexityResult {
  /** The released protocol: positions that survived pruning; all positions without pruning. */
  perplexity: Estimate;
  /** With pruning: every position, pruned ones exiting early. */
  allPositions?: Estimate;
  windows: number;
  /** Positions that `perplexity` counts. */
  scored: number;
  seconds: number;
  tokensPerSecond: number;
}

/**
 * Perplexity of a model on token ids, by the protocol of GPTQ: consecutive windows, the tail
 * dropped, `exp` of the mean over windows of the mean cross-entropy of the next token.
 *
 * @param ids The tokens of the whole text.
 * @param options.window Tokens per window; the model's longest, at most 2048, unless given.
 * @param options.startToken As {@linkcode chooseStartToken} of the tokenizer gives it; without, the
 *   model's own rule for ids that are taken as they are.
 * @throws {InputError} If the text is shorter than a window or an id outside the vocabulary.
 */
export async function perplexity(
  model: Model,
  ids: Int32Array,
  options: Partial<WindowOptions> & ForwardOptions & RunHooks = {},
): Promise<PerplexityResult> {
  const {
    window = Math.min(model.architecture.maxPositions, 2048),
    startToken = chooseStartToken(model),
  } = options;
  const windows = cutWindows(ids, { window, startToken });
  const started = performance.now();
  const scores = await scoreWindows(
    windows,
    (each) => scoreWindow(model, each, options),
    options,
    `perplexity of ${model.name}`,
  );
  const seconds = (performance.now() - started) / 1000;
  const survivors = readScores(scores, scores);
  return {
    perplexity: survivors.perplexity,
    ...options.pruning && { allPositions: readScores(scores).perplexity },
    windows: windows.length,
    scored: survivors.scored,
    seconds,
    tokensPerSecond: windows.length * window / seconds,
  };
}

/**
 * Scores windows one after the other, with progress, giving way to signals between them.
 *
 * @param score What to make of a window: {@linkcode scoreWindow} of one model, or of several.
 * @param label What progress is reported under.
 * @throws The signal's reason once it is aborted.
 */
export async function scoreWindows<Scores = WindowScores>(
  windows: Int32Array[],
  score: (window: Int32Array) => Scores,
  { progress = silent, signal }: RunHooks,
  label: string,
): Promise<Scores[]> {
  const results: Scores[] = [];
  progress.start(label, windows.length);
  for (const window of windows) {
    signal?.throwIfAborted();
    results.push(score(window));
    progress.update(results.length);
    await new Promise((resolve) => setTimeout(resolve)); // lets signals in
  }
  progress.finish();
  return results;
}
