import { require } from "../core/mod.ts";
import { type tf, tidy } from "../tensor/mod.ts";
import type { ForwardOptions } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import { runBlocks } from "./forward.ts";
import { type CachePrecision, disposeLayer, type LayerCache, startLayer } from "./layer_cache.ts";
import type { DescribedModel } from "./model.ts";
import type { OpenModel } from "./open_model.ts";

/**
 * The keys and values of the tokens at the start of a window, from which the window can go on.
 *
 * A value: {@linkcode extend} leaves it as it is, and several continuations may start from it. Whoever made it
 * disposes of it, before or after those that go on from it: they share what they have in common.
 */
export interface Cache extends Disposable {
  /** How many tokens it knows. */
  readonly length: number;
  readonly layers: readonly LayerCache[];
}

/**
 * The cache of an empty window.
 *
 * @param precision `int8` rounds, and takes `1/4 + 1/headDim` of the memory of `float32`; groups of codes take
 *   `bits/32 + 1/groupSize` of it but for the last tokens.
 * @throws {InputError} If the precision is none that keys and values of this model can have.
 */
export function startCache(
  { architecture }: Pick<DescribedModel, "architecture">,
  precision: CachePrecision = "float32",
): Cache {
  const { layers } = architecture;
  return cacheOf(
    0,
    Array.from({ length: layers }, (_, layer) => startLayer(architecture, layer, precision)),
  );
}

/** A cache that knows so many tokens; what its layers keep is its own from here on. */
export function cacheOf(length: number, layers: readonly LayerCache[]): Cache {
  return { length, layers, [Symbol.dispose]: () => layers.forEach(disposeLayer) };
}

/**
 * Runs the next tokens of a window through all blocks, which see those before in the cache.
 *
 * `forward` of the whole window gives the same, and a window may be cut into calls anywhere; unless the cache
 * leaves the last tokens as they are, which those of one call are to each other, or rotary positions are scaled
 * dynamically. Their angles depend on the length so far, and keys in the cache stay as
 * they were rotated when they were the last, as in Transformers: a window that ends up longer than
 * `originalPositions` then depends on where it was cut.
 *
 * @param ids At least one.
 * @param options.hook Sees the sites of the new tokens; only `attn.probs` spans all keys.
 * @returns `hidden` of the new tokens `[tokens, channels]`, before the final norm, which `logits`
 *   reads; and the cache that knows them too.
 * @throws {InputError} If there are no ids, one is outside the vocabulary, the window gets too long
 *   or a value that is cached in eight bits is not finite.
 */
export function extend(
  model: OpenModel,
  cache: Cache,
  ids: Int32Array,
  options: Omit<ForwardOptions, "pruning"> = {},
): { hidden: tf.Tensor2D; cache: Cache } {
  require(ids.length > 0, "extend a cache", "there must be at least one token");
  const layers: LayerCache[] = [];
  const recallOf = (layer: number) => (key: tf.Tensor2D, value: tf.Tensor2D) => {
    const past = cache.layers[layer];
    const grown = past.key.append(key);
    try {
      return layers[layer] = { key: grown, value: past.value.append(value) };
    } catch (error) {
      grown[Symbol.dispose]();
      throw error;
    }
  };
  try {
    return tidy(() => {
      const { architecture, outer } = model;
      const start = tidy(() => embedTokens(architecture, outer, ids, 1, cache.length));
      const { hidden } = runBlocks(
        model,
        start,
        (layer) => ({ ...options, recall: recallOf(layer) }),
      );
      return { hidden, cache: cacheOf(cache.length + ids.length, layers) };
    });
  } catch (error) {
    layers.forEach(disposeLayer);
    throw error;
  }
}
