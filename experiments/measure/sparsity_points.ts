import type { Estimate } from "../../lib/core/mod.ts";
import { perplexityRatio, type Reading } from "../../lib/eval/mod.ts";
import type { PruningPlan } from "./pruning_plan.ts";
import type { MeasuredSparsity } from "./sparsity_measure.ts";

/** What counts of a pruned run, and beside it the share that pruning itself has in the outcome. */
export const comparisons = [
  /** The released protocol against the same model without pruning, scored on everything. */
  "survivors",
  /** The control: nothing pruned, scored on the positions that survive. */
  "denseOnSurvivors",
  /** Every position, pruned ones exiting early. */
  "allPositions",
  /** Survivors with pruning against the same survivors without: no other tokens are scored. */
  "pruningAlone",
] as const;

/** A pruning plan with what it saves and costs. */
export interface SparsityPoint extends PruningPlan {
  window: number;
  /** How many windows were scored: fewer than were asked for where the text has no more. */
  windows: number;
  /** The share of token computations saved (eq. 10). */
  sparsity: number;
  /** Perplexities as such. */
  perplexity: Record<"dense" | "survivors" | "denseOnSurvivors" | "allPositions", Estimate>;
  /** Perplexities over that of the same method without pruning, window by window. */
  relative: Record<typeof comparisons[number], Estimate>;
}

/**
 * Compares a pruned run with the run of the same method on the same windows without pruning.
 *
 * @param pruned Has all three readings.
 */
export function comparePruning(
  plan: PruningPlan,
  window: number,
  dense: MeasuredSparsity,
  pruned: MeasuredSparsity,
): SparsityPoint {
  const all = dense.survivors;
  const survivors = pruned.survivors;
  const control = pruned.denseOnSurvivors!;
  const everything = pruned.allPositions!;
  const over = (reading: Reading, base: Reading) =>
    perplexityRatio(reading.windowLosses, base.windowLosses);
  return {
    ...plan,
    window,
    windows: all.windowLosses.length,
    sparsity: pruned.sparsity,
    perplexity: {
      dense: all.perplexity,
      survivors: survivors.perplexity,
      denseOnSurvivors: control.perplexity,
      allPositions: everything.perplexity,
    },
    relative: {
      survivors: over(survivors, all),
      denseOnSurvivors: over(control, all),
      allPositions: over(everything, all),
      pruningAlone: over(survivors, control),
    },
  };
}

/** The point that the released protocol likes best. */
export function bestPoint(points: readonly SparsityPoint[]): SparsityPoint {
  return points.reduce((best, each) =>
    each.relative.survivors.value < best.relative.survivors.value ? each : best
  );
}
