import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";
import { withCopies } from "./scratch_copies.ts";
import { firstKeysSeen, type SlidingWindow } from "./sliding_window.ts";

/** How {@linkcode causalSoftmax} turns scores into logits. */
export interface CausalSoftmaxOptions extends SlidingWindow {
  /** Factor of every score, usually 1 / sqrt(headDim). */
  scale: number;
  /** ALiBi: one slope per map; `slope * keyPositions[j]` is added to the logit of key j. */
  slopes?: readonly number[];
}

/** What the kernels are told. */
export interface CausalAttributes {
  scale: number;
  slopes: readonly number[];
  keyPositions: ArrayLike<number>;
  firsts?: Int32Array;
}

/** Added to a logit to take it out of a softmax: any other logit minus this is beyond exp's range. */
const masked = -1e30;

/**
 * Attention probabilities: in each map the softmax over the keys that a query sees of
 * `scale * scores[map, i, j] + slopes[map] * keyPositions[j]`; all other entries are exactly 0.
 *
 * The queries are the last ones of the tokens whose keys there are: query i sees the keys
 * `j <= i + keys - queries`, of which a sliding window leaves the last.
 *
 * @param scores [maps, queries, keys], with at least as many keys as queries
 * @returns [maps, queries, keys]
 * @throws {InputError} If there are more queries than keys or an option has the wrong length.
 */
export function causalSoftmax(scores: tf.Tensor3D, options: CausalSoftmaxOptions): tf.Tensor3D {
  const attributes = causalAttributes(scores, options, "take a causal softmax");
  return fused("CausalSoftmax", { scores }, { ...attributes }, () => {
    const { logits, visible } = causalLogits(scores, attributes);
    return tf.softmax(tf.add(logits, tf.mul(tf.sub(1, visible), masked))) as tf.Tensor3D;
  });
}

/**
 * What the kernels are told of scores `[maps, queries, keys]`.
 *
 * @throws {InputError} If there are more queries than keys or an option has the wrong length.
 */
export function causalAttributes(
  scores: tf.Tensor3D,
  { scale, slopes = [], keyPositions, slidingWindow }: CausalSoftmaxOptions,
  action: string,
): CausalAttributes {
  const [maps, queries, keys] = scores.shape;
  const fits = scores.rank === 3 && queries <= keys;
  require(fits, action, "scores must be [maps, queries, keys >= queries]", scores.shape);
  const positions = keyPositions ?? Int32Array.from({ length: keys }, (_, j) => j);
  require(
    slopes.length === 0 || slopes.length === maps,
    action,
    `slopes must number ${maps}, one per map`,
    slopes.length,
  );
  require(
    positions.length === keys,
    action,
    `keyPositions must number ${keys}, one per key`,
    positions.length,
  );
  const firsts = firstKeysSeen(queries, keys, { slidingWindow, keyPositions: positions });
  return { scale, slopes, keyPositions: positions, firsts };
}

/**
 * The composition's logits, with ALiBi `slope * (position of the key - that of the query)`; and 1 for the keys
 * that a query sees, 0 for all others, `[queries, keys]`.
 */
export function causalLogits(
  scores: tf.Tensor3D,
  { scale, slopes, keyPositions, firsts }: CausalAttributes,
): { logits: tf.Tensor; visible: tf.Tensor2D } {
  const [maps, queries, keys] = scores.shape;
  const eachCell = (value: (query: number, key: number) => number) =>
    tf.tensor2d(
      Float32Array.from(
        { length: queries * keys },
        (_, index) => value(Math.floor(index / keys), index % keys),
      ),
      [queries, keys],
    );
  const own = (query: number) => query + keys - queries;
  const visible = eachCell((query, key) =>
    Number(key <= own(query) && key >= (firsts?.[query] ?? 0))
  );
  const scaled = tf.mul(scores, scale);
  if (slopes.length === 0) return { logits: scaled, visible };
  const distances = eachCell((query, key) => keyPositions[key] - keyPositions[own(query)]);
  const biases = tf.mul(tf.tensor3d([...slopes], [maps, 1, 1]), tf.mul(distances, visible));
  return { logits: tf.add(scaled, biases), visible };
}

/** Calls a kernel for each map of scores, with the copies in memory that it needs. */
export function runOnMaps(
  backend: KernelCall["backend"],
  [maps, queries, keys]: readonly number[],
  { slopes, keyPositions, firsts }: CausalAttributes,
  kernel: string,
  parametersOf: (offset: number, bias: number, first: number) => number[],
): void {
  const biases = slopes.length === 0 ? undefined : new Float32Array(maps * keys);
  slopes.forEach((slope, map) => {
    for (let j = 0; j < keys; j++) biases![map * keys + j] = slope * keyPositions[j];
  });
  withCopies(backend, [biases, firsts], (bias, first) => {
    backend.run(
      kernel,
      Array.from(
        { length: maps },
        (_, map) => [
          ...[queries, keys],
          ...parametersOf(4 * map * queries * keys, bias && bias + 4 * map * keys, first),
        ],
      ),
    );
  });
}

/** Computes {@linkcode causalSoftmax} or, where that is asked for, softpick. */
export function computeShares(
  { inputs: { scores }, attrs, backend }: KernelCall,
  softpick: boolean,
) {
  const attributes = attrs as unknown as CausalAttributes;
  const source = backend.addressOf(scores);
  const { tensor, address } = backend.output(scores.shape);
  runOnMaps(backend, scores.shape, attributes, "causalSoftmax", (at, bias, first) => [
    ...[address + at, source + at, bias, attributes.scale, first, Number(softpick)],
  ]);
  return tensor;
}

function computeGradient({ inputs: { y, dy }, attrs: { scale }, backend }: KernelCall) {
  const [maps, queries, keys] = y.shape;
  const mapBytes = 4 * queries * keys;
  const [probabilities, gradient] = [backend.addressOf(y), backend.addressOf(dy)];
  const { tensor, address } = backend.output(y.shape);
  backend.run(
    "causalSoftmaxGradient",
    Array.from({ length: maps }, (_, map) => {
      const at = map * mapBytes;
      return [queries, keys, address + at, probabilities + at, gradient + at, scale];
    }),
  );
  return tensor;
}

/** The kernels behind {@linkcode causalSoftmax}. */
export const causalSoftmaxKernels: AgileKernel[] = [
  {
    name: "CausalSoftmax",
    compute: (call) => computeShares(call, false),
    gradient: {
      outputsToSave: [true],
      gradFunc: (dy, [y], { scale }) => ({
        scores: () => runKernel("CausalSoftmaxGradient", { y, dy: dy as tf.Tensor }, { scale }),
      }),
    },
  },
  { name: "CausalSoftmaxGradient", compute: computeGradient },
];
