import { type Estimate, type Verdict, verdictOf } from "../lib/core/mod.ts";
import { perplexityRatio, type Reading } from "../lib/eval/mod.ts";
import { formatEstimate } from "./format_estimate.ts";
import type { MeasuredModel } from "./measure.ts";

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

/** "AgileQ-8 loses less than 10 % against FP16": a ratio below 1.1. */
function judgeQuantization({ name, cells }: Pick<MeasuredModel, "name" | "cells">): JudgedClaim {
  const loss = ratio(cells["agileq-8"].result.survivors, cells["fp16"].result.survivors);
  return {
    claim: "AgileQ-8 loses less than 10 % against FP16",
    model: name,
    verdict: verdictOf(loss, { below: 1.1 }),
    evidence: `AgileQ-8 / FP16 = ${formatEstimate(loss, 4)}`,
  };
}

/** "Pruning improves on AgileQ-8". */
function judgePruning({ name, cells }: Pick<MeasuredModel, "name" | "cells">): JudgedClaim {
  const dense = cells["agileq-8"].result.survivors;
  const { survivors, denseOnSurvivors } = cells["agileq-8-pruned"].result;
  const gain = ratio(survivors, dense);
  const gainByPruning = ratio(survivors, denseOnSurvivors!);
  const gainBySelection = ratio(denseOnSurvivors!, dense);
  return {
    claim: "pruning improves on AgileQ-8",
    model: name,
    verdict: pruningVerdict(gain, gainByPruning, gainBySelection),
    evidence: [
      `survivors / AgileQ-8 = ${formatEstimate(gain, 4)}`,
      `survivors / denseOnSurvivors = ${formatEstimate(gainByPruning, 4)}`,
      `denseOnSurvivors / AgileQ-8 = ${formatEstimate(gainBySelection, 4)}`,
    ].join(", "),
  };
}

/**
 * Whether pruning improves a model. The run scored as the released code does must be better than the
 * unpruned one. It must also be better than the same model without pruning on the very same tokens.
 * Where it is not, but that control too is better than the unpruned run, the gain lies in which
 * tokens are scored.
 *
 * @param released Perplexity of the survivors over that of the unpruned run.
 * @param byPruning The same over the control's.
 * @param bySelection The control's over that of the unpruned run.
 */
export function pruningVerdict(
  released: Estimate,
  byPruning: Estimate,
  bySelection: Estimate,
): Verdict {
  const [gain, pruning, selection] = [released, byPruning, bySelection].map((ratio) =>
    verdictOf(ratio, { below: 1 })
  );
  if (gain !== "reproduced") return gain;
  const explained = pruning !== "reproduced" && selection === "reproduced";
  return explained ? "explained by the scored subset" : pruning;
}

function ratio(numerator: Reading, denominator: Reading): Estimate {
  return perplexityRatio(numerator.windowLosses, denominator.windowLosses);
}
