import type { Architecture } from "../../lib/model/mod.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";

/** A pruning plan for models of any depth. */
export interface DepthPlan extends Omit<PruningPlan, "layers"> {
  /** The pruning layers as shares of the depth, ascending: 0.5 is the first of the upper half. */
  depths: readonly number[];
}

/**
 * The plan for a model. Layers that fall together are one.
 *
 * @param depths In [0, 1).
 */
export function planAt(
  { depths, ...plan }: DepthPlan,
  { layers }: Pick<Architecture, "layers">,
): PruningPlan {
  return { ...plan, layers: [...new Set(depths.map((depth) => Math.floor(depth * layers)))] };
}
