import {
  type Cache,
  cacheOf,
  type CachePrecision,
  type DescribedModel,
  startCache,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomValues } from "../../experiments/measure/random_model.ts";

/** A cache of random keys and values of so many tokens. Whoever asked for it disposes of it. */
export function fullCache(
  model: DescribedModel,
  tokens: number,
  precision?: CachePrecision,
): Cache {
  const { keyValueHeads, headDim } = model.architecture;
  const channels = keyValueHeads * headDim;
  const rows = tf.tensor2d(randomValues(tokens * channels), [tokens, channels]);
  using empty = startCache(model, precision);
  const layers = empty.layers.map(({ key, value }) => (
    { key: key.append(rows), value: value.append(rows) }
  ));
  rows.dispose();
  return cacheOf(tokens, layers);
}
