import type { PruningPlan } from "../measure/pruning_plan.ts";

/** What a plan takes away, in words: `30 % of the tokens in layer 0`, `10 % of the tokens by layers -2, -1`. */
export function prunedTokens({ beta, layers }: Pick<PruningPlan, "beta" | "layers">): string {
  const where = layers.length === 1 ? "in layer" : "by layers";
  return `${+(100 * beta).toFixed(1)} % of the tokens ${where} ${layers.join(", ")}`;
}
