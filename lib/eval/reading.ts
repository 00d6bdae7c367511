import { bootstrap, type Estimate, mean, quantiles, require } from "../core/mod.ts";
import type { WindowScores } from "./score.ts";

/** One way to read a run: which positions count, and what they gave. */
export interface Reading {
  perplexity: Estimate;
  /** Positions that were scored, over all windows. */
  scored: number;
  /** Perplexity over the reference's, on the same positions of the same windows. */
  ratio?: Estimate;
  /** Mean KL divergence from the reference, nats per scored position. */
  divergence?: Estimate;
  /** How that is distributed over the scored positions. */
  divergencePercentiles?: Percentiles;
  /** Share of the scored positions whose most likely token is the reference's. */
  agreement?: Estimate;
  /** Mean loss of each window, nats; what {@linkcode perplexityRatio} compares. */
  windowLosses: number[];
}

/** Below how much 50, 95, 99 and all of a hundred values lie, interpolated as {@linkcode quantile} does. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Of every bootstrap, so that equal scores give equal intervals. */
const seed = 0;

/**
 * Reads the scores of a run on a subset of its positions.
 *
 * Perplexity is `exp` of the mean over windows of the window's mean loss (protocol of GPTQ);
 * its 95 % interval comes from a bootstrap over windows. Divergence and agreement are means over
 * positions, with intervals from the same bootstrap: a window counts as much as it has positions.
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
  return {
    perplexity: perplexityOf(windowLosses),
    scored,
    ...scores[0].referenceLoss && {
      ratio: perplexityRatio(
        windowLosses,
        scores.map(({ referenceLoss }, index) => meanWhere(referenceLoss!, counts[index])),
      ),
      divergence: meanOverall(scores.map(({ divergence }) => divergence!), counts),
      divergencePercentiles: percentilesOf(scores.map(({ divergence }) => divergence!), counts),
      agreement: meanOverall(scores.map(({ agreement }) => agreement!), counts),
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

/** Mean over the positions of all windows that count. */
function meanOverall(values: ArrayLike<number>[], counts: Uint8Array[]): Estimate {
  const sums = values.map((own, window) => sumWhere(own, counts[window]));
  const totals = counts.map(total);
  const over = (indices: Uint32Array, own: number[]) =>
    indices.reduce((sum, window) => sum + own[window], 0);
  const statistic = (indices: Uint32Array) => over(indices, sums) / over(indices, totals);
  return bootstrap(values.length, statistic, { seed });
}

function percentilesOf(values: Float32Array[], counts: Uint8Array[]): Percentiles {
  const counted = new Float32Array(counts.reduce((sum, flags) => sum + total(flags), 0));
  let next = 0;
  values.forEach((own, window) =>
    own.forEach((value, position) => {
      if (counts[window][position]) counted[next++] = value;
    })
  );
  const [p50, p95, p99, max] = quantiles(counted, [0.5, 0.95, 0.99, 1]);
  return { p50, p95, p99, max };
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
