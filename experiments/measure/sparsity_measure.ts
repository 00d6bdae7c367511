import { cutWindows, joinWindows, type RunHooks } from "../../lib/eval/mod.ts";
import type { MethodName } from "../../lib/methods/mod.ts";
import { scheduledTokens, sparsity } from "../../lib/tokens/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import { type FigureSubject, quantizeSubject } from "./figure_subject.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";
import { keptScores, type Readings, takeReadings } from "./readings.ts";

/** One point of a sweep over pruning plans. */
export interface SparsityConfig {
  method: MethodName;
  /** Nothing is pruned without. */
  pruning: PruningPlan | null;
  /** The text: validation to choose by, test for what was chosen. */
  split: "validation" | "test";
  /** Tokens per scored window, which may be longer than the subject's: its windows are joined and cut anew. */
  window: number;
  /** How many of its windows are scored, from the first on. */
  windows: number;
}

/** What a pruning plan saves and costs. */
export interface MeasuredSparsity extends Readings {
  /** The share of token computations saved (eq. 10). */
  sparsity: number;
}

/** Scores windows under a pruning plan in all readings. Calibration windows keep their length. */
export async function measureSparsity(
  subject: FigureSubject,
  config: SparsityConfig,
  hooks: RunHooks,
): Promise<MeasuredSparsity> {
  const { model } = subject;
  const { method, pruning: plan, split, window, windows } = config;
  const pruning = plan ? pruningFor(model, plan) : undefined;
  const quantized = await quantizeSubject(subject, method, hooks, pruning);
  const whole = split === "test" ? subject.testWindows : subject.validationWindows;
  const { startToken } = subject.facts.testText;
  const text = joinWindows(whole, startToken);
  const scored = cutWindows(text, { window, startToken }).slice(0, windows);
  const readings = await takeReadings(quantized.model, scored, quantized.forward, {
    ...{ ...hooks, kept: await keptScores(subject, quantized, { sparsity: config }) },
  });
  const left = scheduledTokens(window, model.architecture.layers, pruning?.ratios ?? new Map());
  return { sparsity: sparsity(left, window), ...readings };
}

/** The cells of figures 7 and 8. */
export const sparsityCells: CellKind<SparsityConfig, MeasuredSparsity> = {
  experiment: "sparsity",
  measure: measureSparsity,
};
