import type { Estimate } from "../core/mod.ts";
import { chooseStartToken, type ForwardOptions, type Model } from "../model/mod.ts";
import { readScores } from "./reading.ts";
import { type RunHooks, scoreWindows } from "./score.ts";
import { cutWindows, type WindowOptions } from "./windows.ts";

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
  const scores = await scoreWindows(model, windows, options);
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
