import { causalSoftmax, tensorData, tf, tidy } from "../tensor/mod.ts";
import type { Importance } from "./state.ts";

/** Elements of attention maps computed at a time: 64 MiB of float32. */
const mapBudget = 2 ** 24;

/** How {@linkcode attendByMaps} turns scores into probabilities, and what it does with them. */
export interface MapOptions {
  /** ALiBi: one slope per head. */
  slopes?: readonly number[];
  /** What ALiBi takes each key's place to be, `[keys]`; 0..keys-1 if absent. */
  positionIds?: Int32Array;
  /** Replaces maps `[count, queries, keys]`; called for consecutive runs of maps. */
  hook: (probabilities: tf.Tensor3D, firstMap: number) => tf.Tensor3D;
  /** Scores tokens from the maps that the hook returned; there are as many queries as keys then. */
  importance?: Importance;
}

/** What attention gives back. */
export interface Attended<Output extends tf.Tensor> {
  output: Output;
  /** Importance of each token, `[tokens]`; only where it was asked for. */
  importance?: Float32Array;
}

/**
 * `softmax(q kᵀ / sqrt(headDim)) v` with a causal mask, a few maps at a time, so that the maps in
 * memory stay below a fixed size.
 *
 * @param q `[maps, queries, headDim]`, maps being batch * heads: of the last of the tokens.
 * @param k `[maps / group, keys, headDim]`, of all tokens: each serves `group` consecutive query heads.
 * @param v As `k`.
 * @param budget Elements of maps at a time; at least one map.
 * @returns `output` of the shape of `q`.
 */
export function attendByMaps(
  q: tf.Tensor3D,
  k: tf.Tensor3D,
  v: tf.Tensor3D,
  { slopes, positionIds, hook, importance }: MapOptions,
  budget = mapBudget,
): Attended<tf.Tensor3D> {
  const [maps, queries, headDim] = q.shape;
  const [owners, keys] = k.shape;
  const group = maps / owners;
  const step = Math.max(1, Math.floor(budget / (queries * keys)));
  const outputs: tf.Tensor3D[] = [];
  let scores: Float32Array | undefined;
  for (let first = 0; first < maps; first += step) {
    const count = Math.min(step, maps - first);
    const attended = tidy(() => {
      const [own, others] = [takeMaps(q, first, count, 1), takeMaps(k, first, count, group)];
      const products = tf.matMul(own, others, false, true) as tf.Tensor3D;
      const softmax = causalSoftmax(products, {
        scale: 1 / Math.sqrt(headDim),
        slopes: slopes &&
          Array.from({ length: count }, (_, map) => slopes[(first + map) % slopes.length]),
        keyPositions: positionIds,
      });
      const probabilities = hook(softmax, first);
      if (importance) {
        const part = importance(tensorData(probabilities), { heads: count, tokens: keys });
        scores = scores ? scores.map((score, token) => score + part[token]) : part;
      }
      return tf.matMul(probabilities, takeMaps(v, first, count, group)) as tf.Tensor3D;
    });
    outputs.push(attended);
  }
  return { output: outputs.length === 1 ? outputs[0] : tf.concat(outputs), importance: scores };
}

/** The matrices that serve maps first..first+count-1, where `group` maps share one. */
function takeMaps(value: tf.Tensor3D, first: number, count: number, group: number): tf.Tensor3D {
  if (group > 1) {
    const owners = Int32Array.from({ length: count }, (_, i) => Math.floor((first + i) / group));
    return tf.gather(value, tf.tensor1d(owners, "int32"));
  }
  return count === value.shape[0] ? value : tf.slice(value, [first, 0, 0], [count, -1, -1]);
}
