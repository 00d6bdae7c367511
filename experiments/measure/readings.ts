import { type Reading, readScores, type ScoreOptions, scoreRuns } from "../../lib/eval/mod.ts";
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
 * @param comparison With a reference, KL divergence from it and agreement with it are measured, too.
 * @throws {InputError} If there are no windows or the model refuses one.
 * @throws The signal's reason once it is aborted.
 */
export async function takeReadings(
  model: Model,
  windows: Int32Array[],
  options: ForwardOptions,
  comparison: Omit<ScoreOptions, "label">,
): Promise<Readings> {
  const { pruning, ...unpruned } = options;
  const runners = [{ model, options }, ...pruning ? [{ model, options: unpruned }] : []];
  const scores = await scoreRuns(runners, windows, { ...comparison, label: "windows" });
  const run = scores.map(([own]) => own);
  if (!pruning) return { survivors: readScores(run) };
  const dense = scores.map(([, own]) => own);
  return {
    survivors: readScores(run, run),
    denseOnSurvivors: readScores(dense, run),
    allPositions: readScores(run),
  };
}
