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

/** What the kernel is told. */
interface Attributes {
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
  const action = "take a causal softmax";
  const [maps, queries, keys] = scores.shape;
  const fits = scores.rank === 3 && queries <= keys;
  require(fits, action, "scores must be [maps, queries, keys >= queries]", scores.shape);
  const {
    scale,
    slopes = [],
    keyPositions = Int32Array.from({ length: keys }, (_, j) => j),
    slidingWindow,
  } = options;
  require(
    slopes.length === 0 || slopes.length === maps,
    action,
    `slopes must number ${maps}, one per map`,
    slopes.length,
  );
  require(
    keyPositions.length === keys,
    action,
    `keyPositions must number ${keys}, one per key`,
    keyPositions.length,
  );
  const firsts = firstKeysSeen(queries, keys, { slidingWindow, keyPositions });
  return fused("CausalSoftmax", { scores }, { scale, slopes, keyPositions, firsts }, () => {
    let logits = tf.mul(scores, scale);
    if (slopes.length > 0) {
      const slopeTensor = tf.tensor3d([...slopes], [maps, 1, 1]);
      logits = tf.add(logits, tf.mul(slopeTensor, tf.tensor1d(Float32Array.from(keyPositions))));
    }
    const hidden = Float32Array.from({ length: queries * keys }, (_, index) => {
      const [query, key] = [Math.floor(index / keys), index % keys];
      return key > query + keys - queries || key < (firsts?.[query] ?? 0) ? masked : 0;
    });
    return tf.softmax(tf.add(logits, tf.tensor2d(hidden, [queries, keys]))) as tf.Tensor3D;
  });
}

function computeSoftmax({ inputs: { scores }, attrs, backend }: KernelCall) {
  const [maps, queries, keys] = scores.shape;
  const { scale, slopes, keyPositions, firsts } = attrs as Attributes;
  const mapBytes = 4 * queries * keys;
  const source = backend.addressOf(scores);
  const { tensor, address } = backend.output(scores.shape);
  const biases = slopes.length === 0 ? undefined : new Float32Array(maps * keys);
  slopes.forEach((slope, map) => {
    for (let j = 0; j < keys; j++) biases![map * keys + j] = slope * keyPositions[j];
  });
  withCopies(backend, [biases, firsts], (bias, first) => {
    backend.run(
      "causalSoftmax",
      Array.from({ length: maps }, (_, map) => {
        const at = map * mapBytes;
        const own = bias && bias + 4 * map * keys;
        return [queries, keys, address + at, source + at, own, scale, first];
      }),
    );
  });
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
    compute: computeSoftmax,
    gradient: {
      outputsToSave: [true],
      gradFunc: (dy, [y], { scale }) => ({
        scores: () => runKernel("CausalSoftmaxGradient", { y, dy: dy as tf.Tensor }, { scale }),
      }),
    },
  },
  { name: "CausalSoftmaxGradient", compute: computeGradient },
];
