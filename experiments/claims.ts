import type { Estimate } from "../lib/core/mod.ts";
import { perplexityRatio, type Reading } from "../lib/eval/mod.ts";
import { formatEstimate } from "./format_estimate.ts";
import type { MeasuredModel } from "./measure.ts";

/** What the measurements say about a claim of the paper. */
export type Verdict = "reproduced" | "not reproduced" | "explained by the scored subset";

/** A claim of the paper held against one model. */
export interface JudgedClaim {
  claim: string;
  model: string;
  verdict: Verdict;
  /** The ratios of perplexities that decided, with their 95 % intervals. */
  evidence: string;
}

/** Judges both claims of tables 1-3 from 95 % intervals of perplexity ratios on the same windows. */
export function judgeClaims(model: Pick<MeasuredModel, "name" | "cells">): JudgedClaim[] {
  return [judgeQuantization(model), judgePruning(model)];
}

/** "AgileQ-8 loses less than 10 % against FP16": the whole interval must lie below 1.1. */
function judgeQuantization({ name, cells }: Pick<MeasuredModel, "name" | "cells">): JudgedClaim {
  const loss = ratio(cells["agileq-8"].result.survivors, cells["fp16"].result.survivors);
  return {
    claim: "AgileQ-8 loses less than 10 % against FP16",
    model: name,
    verdict: liesBelow(loss, 1.1) ? "reproduced" : "not reproduced",
    evidence: `AgileQ-8 / FP16 = ${formatEstimate(loss, 4)}`,
  };
}

/**
 * "Pruning improves on AgileQ-8": AgileQ-8*, scored as the released code does, must be better than
 * AgileQ-8. It must also be better than the same model without pruning on the very same tokens.
 * Where it is not, but that control too is better than AgileQ-8, the gain lies in which tokens are
 * scored.
 */
function judgePruning({ name, cells }: Pick<MeasuredModel, "name" | "cells">): JudgedClaim {
  const dense = cells["agileq-8"].result.survivors;
  const { survivors, denseOnSurvivors } = cells["agileq-8-pruned"].result;
  const gain = ratio(survivors, dense);
  const gainByPruning = ratio(survivors, denseOnSurvivors!);
  const gainBySelection = ratio(denseOnSurvivors!, dense);
  const verdict = !liesBelow(gain, 1)
    ? "not reproduced"
    : liesBelow(gainByPruning, 1)
    ? "reproduced"
    : liesBelow(gainBySelection, 1)
    ? "explained by the scored subset"
    : "not reproduced";
  return {
    claim: "pruning improves on AgileQ-8",
    model: name,
    verdict,
    evidence: [
      `survivors / AgileQ-8 = ${formatEstimate(gain, 4)}`,
      `survivors / denseOnSurvivors = ${formatEstimate(gainByPruning, 4)}`,
      `denseOnSurvivors / AgileQ-8 = ${formatEstimate(gainBySelection, 4)}`,
    ].join(", "),
  };
}

function ratio(numerator: Reading, denominator: Reading): Estimate {
  return perplexityRatio(numerator.windowLosses, denominator.windowLosses);
}

/** Whether the whole interval does. A single window has none, and decides nothing. */
function liesBelow({ high }: Estimate, limit: number): boolean {
  return high !== undefined && high < limit;
}
