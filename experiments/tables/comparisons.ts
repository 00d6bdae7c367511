import { type Threshold, verdictOf } from "../../lib/core/mod.ts";
import type { Reading } from "../../lib/eval/mod.ts";
import type { Architecture } from "../../lib/model/mod.ts";
import type { Evaluation } from "../measure/evaluation.ts";
import { formatEstimate } from "../result/format_estimate.ts";
import { type JudgedClaim, ratioOf } from "./claims.ts";

/** A claim about two rows: a perplexity of one over that of the other, on all positions. */
export interface Comparison {
  claim: string;
  /** The keys of the rows. */
  rows: readonly [numerator: string, denominator: string];
  threshold: Threshold;
  /** Whether a model has what is compared; all have unless given. */
  applies?: (architecture: Architecture) => boolean;
}

/** Rows that were measured on a model. */
export interface ComparedModel {
  name: string;
  architecture: Architecture;
  /** By the key of the row; undefined where it was not measured. */
  resultOf(row: string): Evaluation | undefined;
}

/** Judges comparisons on a model, as far as their rows were measured, from 95 % intervals on the same windows. */
export function judgeComparisons(
  comparisons: readonly Comparison[],
  { name, architecture, resultOf }: ComparedModel,
): JudgedClaim[] {
  return comparisons.flatMap(({ claim, rows, threshold, applies = () => true }) => {
    const [one, other] = rows.map(resultOf);
    if (!one || !other) return [];
    const ratio = ratioOf(everywhere(one), everywhere(other));
    const verdict = applies(architecture) ? verdictOf(ratio, threshold) : "not testable here";
    const evidence = `${rows.join(" / ")} = ${formatEstimate(ratio, 4)}`;
    return [{ claim, model: name, verdict, evidence }];
  });
}

/** A run as read on all positions: pruned tokens leave early there. */
export function everywhere({ survivors, allPositions }: Evaluation): Reading {
  return allPositions ?? survivors;
}
