import {
  type Reading,
  readScores,
  type RunHooks,
  scoreWindow,
  scoreWindows,
} from "../../lib/eval/mod.ts";
import type { ForwardOptions, Model } from "../../lib/model/mod.ts";

/** What a run gave, read in every way. Without pruning all positions survive: one reading. */
export interface Readings {
  /** Scored on the positions that survived pruning: the released protocol. */
  survivors: Reading;
  /** The same quantized model without pruning, scored on exactly those positions: the control. */
  denseOnSurvivors?: Reading;
  /** Every position scored, pruned ones exiting early. */
  allPositions?: Reading;
}

/**
 * Scores windows with a model and reads the scores; a pruned model runs every window twice, with
 * and without pruning.
 *
 * @param reference The model to measure KL divergence and agreement against; neither without.
 * @throws {InputError} If there are no windows or the model refuses one.
 * @throws The signal's reason once it is aborted.
 */
export async function takeReadings(
  model: Model,
  windows: Int32Array[],
  options: ForwardOptions,
  hooks: RunHooks,
  reference?: Model,
): Promise<Readings> {
  const { pruning, ...unpruned } = { ...options, signal: hooks.signal };
  const scores = await scoreWindows(
    windows,
    (window) => ({
      run: scoreWindow(model, window, { ...unpruned, pruning }, reference),
      dense: pruning && scoreWindow(model, window, unpruned, reference),
    }),
    hooks,
    "windows",
  );
  const run = scores.map((each) => each.run);
  if (!pruning) return { survivors: readScores(run) };
  const dense = scores.map((each) => each.dense!);
  return {
    survivors: readScores(run, run),
    denseOnSurvivors: readScores(dense, run),
    allPositions: readScores(run),
  };
}
