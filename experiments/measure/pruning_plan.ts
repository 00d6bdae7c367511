import { require } from "../../lib/core/mod.ts";
import type { Model, Pruning } from "../../lib/model/mod.ts";
import { conventionalImportance, pruningSchedule } from "../../lib/tokens/mod.ts";

/** Progressive token pruning as a table's configuration states it. */
export interface PruningPlan {
  /** Share of the tokens pruned at the end (beta of eq. 9), in [0, 1). */
  beta: number;
  /** The pruning layers, ascending: from 0 as they come, or from the end, -1 being the last. */
  layers: number[];
  /** Survivors count from 0 again, or keep the positions they had. */
  positions: Pruning["positions"];
  /** How tokens are scored; by their attention to the first token (eq. 4) unless given. */
  importance?: PlannedImportance;
}

/** The importance of tokens by name: eq. 4, what encoders are pruned by, or chance. */
const importances = {
  startToken: "startToken",
  columnSums: conventionalImportance,
  random: { seed: 0 },
} as const satisfies Record<string, Pruning["importance"]>;

export type PlannedImportance = keyof typeof importances;

/**
 * What a plan means for a model: the ratio of eq. 9 at each layer.
 *
 * @throws {InputError} If the share is out of range, the layers are not ascending, or a layer does
 *   not exist in the model.
 */
export function pruningFor(
  model: Pick<Model, "name" | "architecture">,
  { beta, layers, positions, importance = "startToken" }: PruningPlan,
): Pruning {
  const count = model.architecture.layers;
  const stray = layers.find((layer) => layer >= count || layer < -count);
  require(
    stray === undefined,
    "prune tokens",
    `layers of ${model.name} are 0..${count - 1}, or -${count}..-1 from the end`,
    stray,
  );
  const counted = layers.map((layer) => layer < 0 ? count + layer : layer);
  const ratios = pruningSchedule({ beta, layers: counted });
  return { ratios, importance: importances[importance], positions };
}
