import {
  type Reading,
  readScores,
  type ScoreOptions,
  scoreRuns,
  type StoredScores,
} from "../../lib/eval/mod.ts";
import type { Executed } from "../../lib/methods/mod.ts";
import type { ForwardOptions, Model } from "../../lib/model/mod.ts";
import type { OpenSubject } from "./subject.ts";

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
 * @param comparison With a reference, KL divergence from it and agreement with it are measured, too. Scores are kept
 *   until all are there.
 * @throws {InputError} If there are no windows or the model refuses one.
 * @throws The signal's reason once it is aborted.
 */
export async function takeReadings(
  model: Model,
  windows: Int32Array[],
  options: ForwardOptions,
  { kept, ...comparison }: Omit<ScoreOptions, "label" | "kept"> & { kept?: StoredScores },
): Promise<Readings> {
  const { pruning, ...unpruned } = options;
  const runners = [{ model, options }, ...pruning ? [{ model, options: unpruned }] : []];
  const scores = await scoreRuns(runners, windows, { ...comparison, kept, label: "windows" })
    .catch(async (error) => {
      await kept?.flush();
      throw error;
    });
  await kept?.remove();
  const run = scores.map(([own]) => own);
  if (!pruning) return { survivors: readScores(run) };
  const dense = scores.map(([, own]) => own);
  return {
    survivors: readScores(run, run),
    denseOnSurvivors: readScores(dense, run),
    allPositions: readScores(run),
  };
}

/**
 * Where the scores of a run are kept until all are there, so that whoever was killed goes on at the window it was at.
 * Nowhere if bits are counted as windows run, which are of all of them.
 *
 * @param depends What they depend on besides the subject and the code.
 */
export async function keptScores(
  { facts, scoresOf }: Pick<OpenSubject, "facts" | "scoresOf">,
  { activationBits }: Pick<Executed, "activationBits">,
  depends: object,
): Promise<StoredScores | undefined> {
  return activationBits ? undefined : await scoresOf?.({ facts, ...depends });
}
