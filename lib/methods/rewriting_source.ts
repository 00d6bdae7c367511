import type { Architecture, BlockSource } from "../model/mod.ts";
import type { Pass } from "./pass.ts";
import { seenAt } from "./seen.ts";

/**
 * The blocks of another source as passes rewrite them, each time that one is asked for: where memory is not to
 * hold them all.
 *
 * @param passes They observe nothing.
 */
export function rewritingSource(
  source: BlockSource,
  passes: readonly Pass[],
  architecture: Architecture,
): BlockSource {
  return {
    ...source,
    free: undefined, // what passes leave as it is belongs to several
    async layer(layer) {
      let weights = await source.layer(layer);
      for (const { rewrite } of passes) {
        const at = { architecture, layer, onStep: () => {} };
        weights = await rewrite?.(weights, seenAt(new Map()), at) ?? weights;
      }
      return weights;
    },
  };
}
