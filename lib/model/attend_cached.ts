import { tf, tidy } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import {
  attend,
  type Attended,
  type AttentionBlock,
  type BlockAttentionOptions,
} from "./attention.ts";
import { type CachePrecision, disposeLayer, startLayer } from "./layer_cache.ts";

/**
 * Attention of a block over a window whose keys and values go through a cache, as where token follows token.
 *
 * Where the last tokens stay as they are, so many pass at once as share a group of keys: each sees the
 * same codes of keys as if they came one by one, and up to a group less one of values more as they are.
 *
 * @param input The normed stream, `[tokens, channels]`.
 */
export function attendCached(
  architecture: Architecture,
  block: AttentionBlock,
  input: tf.Tensor2D,
  options: Omit<BlockAttentionOptions, "recall">,
  precision: CachePrecision,
): Attended {
  const tokens = input.shape[0];
  const together = typeof precision === "string" ? tokens : precision.groupSize;
  let seen = startLayer(architecture, block.layer, precision);
  const recall = (key: tf.Tensor2D, value: tf.Tensor2D) => {
    const grown = { key: seen.key.append(key), value: seen.value.append(value) };
    disposeLayer(seen);
    return seen = grown;
  };
  try {
    const outputs: tf.Tensor2D[] = [];
    for (let first = 0; first < tokens; first += together) {
      const count = Math.min(together, tokens - first);
      outputs.push(tidy(() => {
        const rows = tf.slice(input, [first, 0], [count, -1]);
        const own = {
          positionIds: options.positionIds.subarray(first, first + count),
          first: first === 0 ? options.first : undefined,
        };
        return attend(architecture, block, rows, { ...options, ...own, recall }).output;
      }));
    }
    return { output: outputs.length === 1 ? outputs[0] : tf.concat(outputs) };
  } finally {
    disposeLayer(seen);
  }
}
