import { methods, sharedWeights } from "../../lib/methods/mod.ts";
import type { CellSettings } from "../cells/cell_runner.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";
import { sparsityCells, type SparsityConfig } from "../measure/sparsity_measure.ts";
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
  subject: UnloadedSubject,
  settings: SweepSettings,
  plans: readonly PruningPlan[],
  options?: FigureOptions,
): Promise<SparsityPoint[]> {
  const [{ results: [dense, ...pruned] }] = await measureSubjects(
    [subject],
    sparsityCells,
    () => [null, ...plans].map((plan) => planCell(name, subject, { ...settings, pruning: plan })),
    options,
  );
  return plans.map((plan, index) => comparePruning(plan, settings.window, dense, pruned[index]));
}

function planCell(
  name: string,
  subject: UnloadedSubject,
  config: SparsityConfig,
): CellSettings<SparsityConfig> {
  const { method, pruning, split, window } = config;
  return {
    id: `${name}/${subject.model.name}/${split} ${window}/${planText(pruning)}`,
    config: { ...subject.facts, ...config },
    shares: sharedWeights(methods[method], subject.model.architecture),
  };
}

/** What tells a plan from others of a sweep. */
function planText(plan: PruningPlan | null): string {
  if (!plan) return "nothing pruned";
  const { beta, layers, positions, importance } = plan;
  return [`${beta} at ${layers}`, positions, ...importance ? [importance] : []].join(", ");
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
