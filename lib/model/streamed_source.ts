import type { BlockSource } from "./source.ts";
import type { LayerWeights, OuterWeights } from "./weights.ts";

/**
 * The blocks of a model that stay on the disk: each is read when it is asked for, and the next one is begun
 * at once, so that it is there when the block before has been computed.
 *
 * @param count How many blocks there are.
 * @param read Reads a block; it must begin before it returns.
 */
export function streamedSource(
  outer: OuterWeights,
  count: number,
  read: (layer: number) => Promise<LayerWeights>,
): BlockSource {
  let ahead: { layer: number; weights: Promise<LayerWeights> } | undefined;
  return {
    outer,
    isStreamed: true,
    async layer(index) {
      const found = ahead?.layer === index ? ahead.weights : read(index);
      ahead = undefined;
      const weights = await found;
      const layer = index + 1;
      if (layer < count) {
        ahead = { layer, weights: read(layer) };
        ahead.weights.catch(() => {}); // whoever asks for it hears of it
      }
      return weights;
    },
    free(weights) {
      for (const { weight } of Object.values(weights)) weight.free?.();
    },
  };
}
