import { require } from "../../core/mod.ts";
import { tf } from "../tf.ts";
import { tidy } from "../tidy.ts";
import { causalAttributes, causalSoftmax, type CausalSoftmaxOptions } from "./causal_softmax.ts";
import { causalSoftpick, softpickGradient } from "./causal_softpick.ts";
import { runKernel } from "./fused.ts";
import type { SlidingWindow } from "./sliding_window.ts";

/** Elements of attention maps computed at a time: 64 MiB of float32. */
const mapBudget = 2 ** 24;

/** What makes shares of a query's scores: `softpick` is zero for many keys, and adds up to less than 1. */
export type AttentionNormalization = "softmax" | "softpick";

/** What attention is told besides queries, keys and values. */
export interface AttentionOptions extends SlidingWindow {
  /** Heads of the queries, side by side in their channels. */
  heads: number;
  /** Windows that lie one after the other in the rows; 1 if absent. */
  batch?: number;
  /** Factor of every score, usually 1 / sqrt(headDim). */
  scale: number;
  /** ALiBi: one slope per head; `slope * keyPositions[j]` is added to the logit of key j. */
  slopes?: readonly number[];
  /** `softmax` unless given. */
  normalization?: AttentionNormalization;
}

/**
 * A product of matrices: `[count, rows, inner]` by `[count, inner, columns]` or, if `transposed`, by
 * `[count, columns, inner]`, to `[count, rows, columns]`.
 */
export type MatrixProduct = (
  first: tf.Tensor3D,
  second: tf.Tensor3D,
  transposed: boolean,
) => tf.Tensor3D;

/** What attention by maps is told. */
export interface MapAttentionOptions extends AttentionOptions {
  /** What multiplies queries by keys, and probabilities by values; `tf.matMul` unless given. */
  product?: MatrixProduct;
}

const matrixProduct: MatrixProduct = (first, second, transposed) =>
  tf.matMul(first, second, false, transposed);

/** The sizes of an attention. */
export interface AttentionExtents {
  batch: number;
  heads: number;
  /** Heads of keys and values; each serves as many consecutive heads of queries. */
  keyValueHeads: number;
  headDim: number;
  /** Queries and keys of one window. */
  queries: number;
  keys: number;
}

/**
 * What the shapes of queries, keys and values say.
 *
 * @throws {InputError} If they do not fit each other or the options.
 */
export function attentionExtents(
  q: tf.TensorInfo,
  k: tf.TensorInfo,
  v: tf.TensorInfo,
  { heads, batch = 1, slopes, keyPositions, slidingWindow = Infinity }: AttentionOptions,
): AttentionExtents {
  const action = "attend";
  const [headDim, queries] = [q.shape[1] / heads, q.shape[0] / batch];
  const [keyValueHeads, keys] = [k.shape[1] / headDim, k.shape[0] / batch];
  const whole = [headDim, queries, keyValueHeads, keys, heads / keyValueHeads]
    .every((size) => Number.isInteger(size) && size > 0);
  require(
    whole && queries <= keys && k.shape.join() === v.shape.join(),
    action,
    `q must be [${batch} * queries, ${heads} * headDim], k and v ` +
      `[${batch} * keys, heads * headDim] with no fewer keys and a divisor of the heads`,
    [q.shape, k.shape, v.shape],
  );
  const slopeCount = slopes?.length ?? heads;
  require(slopeCount === heads, action, `slopes must number ${heads}, one per head`, slopeCount);
  const positions = keyPositions?.length ?? keys;
  require(positions === keys, action, `keyPositions must number ${keys}, one per key`, positions);
  require(slidingWindow > 0, action, "slidingWindow must be positive", slidingWindow);
  return { batch, heads, keyValueHeads, headDim, queries, keys };
}

/** `[batch * tokens, heads * headDim]` to `[batch * heads, tokens, headDim]`. */
export function splitHeads(value: tf.Tensor2D, batch: number, heads: number): tf.Tensor3D {
  const [tokens, headDim] = [value.shape[0] / batch, value.shape[1] / heads];
  const split = tf.reshape(value, [batch, tokens, heads, headDim]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * heads, tokens, headDim]);
}

/** The inverse of {@linkcode splitHeads}. */
export function joinHeads(value: tf.Tensor3D, batch: number, heads: number): tf.Tensor2D {
  const [, tokens, headDim] = value.shape;
  const split = tf.reshape(value, [batch, heads, tokens, headDim]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch * tokens, heads * headDim]);
}

/** Calls `work(first, count)` for runs of maps that stay within a budget of elements. */
export function forMaps(
  { batch, heads, queries, keys }: AttentionExtents,
  work: (first: number, count: number) => void,
  { budget = mapBudget, multiple = 1 }: { budget?: number; multiple?: number } = {},
): void {
  const fitting = Math.floor(budget / (queries * keys * multiple)) * multiple;
  const step = Math.max(multiple, fitting);
  for (let first = 0; first < batch * heads; first += step) {
    work(first, Math.min(step, batch * heads - first));
  }
}

/** The matrices that serve maps first..first+count-1, where `group` maps share one. */
export function takeMaps(
  value: tf.Tensor3D,
  first: number,
  count: number,
  group: number,
): tf.Tensor3D {
  if (group > 1) {
    const owners = Int32Array.from({ length: count }, (_, i) => Math.floor((first + i) / group));
    return tf.gather(value, tf.tensor1d(owners, "int32"));
  }
  return count === value.shape[0] ? value : tf.slice(value, [first, 0, 0], [count, -1, -1]);
}

/**
 * The attention maps of scores.
 *
 * @param scores `[maps, queries, keys]`
 * @param first The number of the first of these maps.
 * @returns `[maps, queries, keys]`
 */
export function attentionMaps(
  scores: tf.Tensor3D,
  first: number,
  options: AttentionOptions,
): tf.Tensor3D {
  const normalize = options.normalization === "softpick" ? causalSoftpick : causalSoftmax;
  return normalize(scores, ofMaps(scores, first, options));
}

/**
 * The gradient of {@linkcode attentionMaps} for the scores, on backend `agile`.
 *
 * @param maps Those of the scores.
 * @param dy The gradient for the maps.
 */
export function attentionMapsGradient(
  scores: tf.Tensor3D,
  maps: tf.Tensor3D,
  dy: tf.Tensor,
  first: number,
  options: AttentionOptions,
): tf.Tensor {
  if (options.normalization !== "softpick") {
    return runKernel("CausalSoftmaxGradient", { y: maps, dy }, { scale: options.scale });
  }
  const own = ofMaps(scores, first, options);
  return softpickGradient(scores, dy, causalAttributes(scores, own, "differentiate attention"));
}

/** What is told of some maps. */
function ofMaps(
  { shape: [maps] }: tf.Tensor3D,
  first: number,
  { scale, slopes, keyPositions, slidingWindow }: AttentionOptions,
): CausalSoftmaxOptions {
  const own = slopes &&
    Array.from({ length: maps }, (_, map) => slopes[(first + map) % slopes.length]);
  return { scale, slopes: own, keyPositions, slidingWindow };
}

/**
 * {@linkcode causalAttention} by attention maps that can be looked at and replaced: a few maps at a
 * time, so that those in memory stay below a fixed size.
 *
 * @param hook Takes maps `[count, queries, keys]`, the number of the first among the `batch * heads`
 *   maps, and returns what stands in their place; called for consecutive runs.
 * @param budget Elements of maps at a time; at least one map.
 * @returns The shape of q.
 * @throws {InputError} If the shapes do not fit.
 */
export function attendByMaps(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  options: MapAttentionOptions,
  hook: (probabilities: tf.Tensor3D, firstMap: number) => tf.Tensor3D,
  budget?: number,
): tf.Tensor2D {
  const extents = attentionExtents(q, k, v, options);
  const { batch, heads, keyValueHeads } = extents;
  const { product = matrixProduct } = options;
  const group = heads / keyValueHeads;
  return tidy(() => {
    const queries = splitHeads(q, batch, heads);
    const [keys, values] = [k, v].map((each) => splitHeads(each, batch, keyValueHeads));
    const outputs: tf.Tensor3D[] = [];
    forMaps(extents, (first, count) => {
      const output = tidy(() => {
        const own = takeMaps(queries, first, count, 1);
        const scores = product(own, takeMaps(keys, first, count, group), true);
        const maps = attentionMaps(scores, first, options);
        return product(hook(maps, first), takeMaps(values, first, count, group), false);
      });
      outputs.push(output);
    }, { budget });
    return joinHeads(outputs.length === 1 ? outputs[0] : tf.concat(outputs), batch, heads);
  });
}
