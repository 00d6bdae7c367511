import type { Estimate } from "../lib/core/mod.ts";
import { perplexityRatio } from "../lib/eval/mod.ts";
import type { EvaluationResult } from "./evaluation.ts";

/** What the measurements say about a claim of the paper. */
export type Verdict = "reproduced" | "not reproduced" | "explained by the scored subset";

/** A claim of the paper held against one model. */
export interface JudgedClaim {
  claim: string;
  model: string;
  verdict: Verdict;
  /** The intervals that decided. */
  evidence: string;
}

/** The measurements of one model that the claims speak of. */
export interface ClaimInput {
  model: string;
  fp16: EvaluationResult;
  agileQ8: EvaluationResult;
  agileQ8Pruned: EvaluationResult;
}

/** Judges both claims of tables 1-3 from 95 % intervals of perplexity ratios on the same windows. */
export function judgeClaims(input: ClaimInput): JudgedClaim[] {
  return [judgeQuantization(input), judgePruning(input)];
}

/** "AgileQ-8 loses less than 10 % against FP16": the whole interval must lie below 1.1. */
function judgeQuantization({ model, fp16, agileQ8 }: ClaimInput): JudgedClaim {
  const loss = ratio(agileQ8.survivors, fp16.survivors);
  return {
    claim: "AgileQ-8 loses less than 10 % against FP16",
    model,
    verdict: upper(loss) < 1.1 ? "reproduced" : "not reproduced",
    evidence: `AgileQ-8 / FP16 = ${describe(loss)}`,
  };
}

/**
 * "Pruning improves on AgileQ-8". Scored as the released code does, a pruned run must be better
 * than AgileQ-8; and on the tokens that survived it must be better than the same model without
 * pruning, or the gain lies in which tokens are scored.
 */
function judgePruning({ model, agileQ8, agileQ8Pruned }: ClaimInput): JudgedClaim {
  const released = ratio(agileQ8Pruned.survivors, agileQ8.survivors);
  const control = ratio(agileQ8Pruned.survivors, agileQ8Pruned.denseOnSurvivors!);
  const verdict = upper(released) >= 1
    ? "not reproduced"
    : upper(control) < 1
    ? "reproduced"
    : "explained by the scored subset";
  return {
    claim: "pruning improves on AgileQ-8",
    model,
    verdict,
    evidence: `survivors / AgileQ-8 = ${describe(released)}, ` +
      `survivors / denseOnSurvivors = ${describe(control)}`,
  };
}

function ratio(numerator: { windowLosses: number[] }, denominator: { windowLosses: number[] }) {
  return perplexityRatio(numerator.windowLosses, denominator.windowLosses);
}

/** A single window gives no interval, and a claim nothing to stand on. */
function upper(estimate: Estimate): number {
  return estimate.high ?? Infinity;
}

function describe({ value, low, high }: Estimate): string {
  const range = low === undefined ? "no interval" : `${low.toFixed(3)}, ${high!.toFixed(3)}`;
  return `${value.toFixed(3)} [${range}]`;
}
