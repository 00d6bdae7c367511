import type { Cell } from "../../lib/sweep/mod.ts";
import type { FigureSubject } from "../measure/figure_subject.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";
import {
  type MeasuredSparsity,
  measureSparsity,
  type SparsityConfig,
} from "../measure/sparsity_measure.ts";
import { comparePruning, type SparsityPoint } from "../measure/sparsity_points.ts";
import { type FigureOptions, measureSubjects } from "./figure.ts";

/** The settings that all points of a sweep share. */
export type SweepSettings = Omit<SparsityConfig, "pruning">;

/**
 * Measures plans on one subject, and the same without pruning once.
 *
 * @param name What the ids of the cells begin with.
 * @returns One point per plan, in their order.
 * @throws {InputError} If a plan does not fit the model.
 * @throws The signal's reason once it is aborted.
 */
export async function sweepPlans(
  name: string,
  subject: FigureSubject,
  settings: SweepSettings,
  plans: readonly PruningPlan[],
  options?: FigureOptions,
): Promise<SparsityPoint[]> {
  const [{ results: [dense, ...pruned] }] = await measureSubjects(
    [subject],
    () => [null, ...plans].map((plan) => cellOf(name, subject, { ...settings, pruning: plan })),
    options,
  );
  return plans.map((plan, index) => comparePruning(plan, settings.window, dense, pruned[index]));
}

function cellOf(
  name: string,
  subject: FigureSubject,
  config: SparsityConfig,
): Cell<unknown, MeasuredSparsity> {
  const { pruning, split, window } = config;
  const plan = pruning ? `${pruning.beta} at ${pruning.layers}` : "nothing pruned";
  return {
    id: `${name}/${subject.model.name}/${split} ${window}/${plan}`,
    config: { ...subject.facts, ...config },
    run: (progress, signal) => measureSparsity(subject, config, { progress, signal }),
  };
}

/** Every share at every choice of layers. */
export function planGrid(
  betas: readonly number[],
  layerChoices: readonly (readonly number[])[],
): PruningPlan[] {
  return layerChoices.flatMap((layers) =>
    betas.map((beta): PruningPlan => ({ beta, layers: [...layers], positions: "renumber" }))
  );
}

/** The last `count` layers of a model, counted from the end. */
export function lastLayers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index - count);
}
