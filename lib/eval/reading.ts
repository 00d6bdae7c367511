import { bootstrap, type Estimate, mean, require } from "../core/mod.ts";
import type { WindowScores } from "./score.ts";

/** One way to read a run: which positions count, and what they gave. */
export interface Reading {
  perplexity: Estimate;
  /** Positions that were scored, over all windows. */
  scored: number;
  /** Perplexity over the reference's, on the same positions of the same windows. */
  ratio?: Estimate;
  /** Mean KL divergence from the reference, nats per scored position. */
  divergence?: number;
  /** Share of the scored positions whose most likely token is the reference's. */
  agreement?: number;
  /** Mean loss of each window, nats; what {@linkcode perplexityRatio} compares. */
  windowLosses: number[];
}

/** Of every bootstrap, so that equal scores give equal intervals. */
const seed = 0;

/**
 * Reads the scores of a run on a subset of its positions.
 *
 * Perplexity is `exp` of the mean over windows of the window's mean loss (protocol of GPTQ);
 * its 95 % interval comes from a bootstrap over windows.
 *
 * `readScores(pruned, pruned)` is the released protocol, `readScores(dense, pruned)` its control on
 * the same positions, and `readScores(pruned)` counts every position.
 *
 * @param subset The run whose survivors count, window by window; every position counts without.
 * @throws {InputError} If there are no windows or the two runs differ in their number.
 */
export function readScores(scores: WindowScores[], subset?: WindowScores[]): Reading {
  requireSameWindows("read scores", scores, subset ?? scores);
  const counts = scores.map((window, index) => {
    const survived = subset?.[index].survived;
    return survived ?? new Uint8Array(window.loss.length).fill(1);
  });
  const scored = counts.reduce((sum, flags) => sum + total(flags), 0);
  const windowLosses = scores.map((window, index) => meanWhere(window.loss, counts[index]));
  const overall = (values: (window: WindowScores) => ArrayLike<number>) =>
    scores.reduce((sum, window, index) => sum + sumWhere(values(window), counts[index]), 0) /
    scored;
  return {
    perplexity: perplexityOf(windowLosses),
    scored,
    ...scores[0].referenceLoss && {
      ratio: perplexityRatio(
        windowLosses,
        scores.map(({ referenceLoss }, index) => meanWhere(referenceLoss!, counts[index])),
      ),
      divergence: overall((window) => window.divergence!),
      agreement: overall((window) => window.agreement!),
    },
    windowLosses,
  };
}

/**
 * Perplexity of per-window mean losses, with its interval.
 *
 * @throws {InputError} If there are no windows.
 */
export function perplexityOf(windowLosses: number[]): Estimate {
  return bootstrap(windowLosses.length, (indices) => perplexityAt(windowLosses, indices), { seed });
}

/**
 * How two runs over the same windows compare: `perplexity(numerator) / perplexity(denominator)`.
 * The bootstrap draws windows, each with both of its losses. The ratio is `exp` of the difference of
 * the mean losses, so that two perplexities beyond the largest number still compare; where both are
 * infinite window by window, it is NaN without an interval.
 *
 * @param numerator The window losses of a run.
 * @param denominator The window losses of another run on the same windows in the same order.
 * @throws {InputError} If there are no windows or the two runs differ in their number.
 */
export function perplexityRatio(numerator: number[], denominator: number[]): Estimate {
  requireSameWindows("compare perplexities", numerator, denominator);
  return perplexityOf(numerator.map((loss, window) => loss - denominator[window]));
}

function perplexityAt(windowLosses: number[], indices: Uint32Array): number {
  return Math.exp(mean(Float64Array.from(indices, (index) => windowLosses[index])));
}

function requireSameWindows(action: string, run: unknown[], other: unknown[]): void {
  const rule = "both runs must have the same windows";
  require(run.length === other.length, action, rule, [run.length, other.length]);
}

function total(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}

function sumWhere(values: ArrayLike<number>, flags: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i]) sum += values[i];
  return sum;
}

function meanWhere(values: ArrayLike<number>, flags: Uint8Array): number {
  return sumWhere(values, flags) / total(flags);
}
