import { require } from "../../core/mod.ts";
import type { AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";

/** How {@linkcode causalSoftmax} turns scores into logits. */
export interface CausalSoftmaxOptions {
  /** Factor of every score, usually 1 / sqrt(headDim). */
  scale: number;
  /** ALiBi: one slope per map; `slope * keyPositions[j]` is added to the logit of key j. */
  slopes?: readonly number[];
  /** ALiBi: the position of each key, [n]; 0..n-1 if absent. */
  keyPositions?: Float32Array | Int32Array;
}

/** Added to a logit to take it out of a softmax: any other logit minus this is beyond exp's range. */
const masked = -1e30;

/**
 * Attention probabilities: in each map the softmax over the keys j <= i of
 * `scale * scores[map, i, j] + slopes[map] * keyPositions[j]`; entries with j > i are exactly 0.
 *
 * @param scores [maps, n, n], query by key
 * @returns [maps, n, n]
 * @throws {InputError} If the maps are not square or an option has the wrong length.
 */
export function causalSoftmax(scores: tf.Tensor3D, options: CausalSoftmaxOptions): tf.Tensor3D {
  const action = "take a causal softmax";
  const [maps, n, keys] = scores.shape;
  require(scores.rank === 3 && n === keys, action, "scores must be [maps, n, n]", scores.shape);
  const { scale, slopes = [], keyPositions = Int32Array.from({ length: n }, (_, j) => j) } =
    options;
  require(
    slopes.length === 0 || slopes.length === maps,
    action,
    `slopes must number ${maps}, one per map`,
    slopes.length,
  );
  require(
    keyPositions.length === n,
    action,
    `keyPositions must number ${n}, one per key`,
    keyPositions.length,
  );
  return fused("CausalSoftmax", { scores }, { scale, slopes, keyPositions }, () => {
    let logits = tf.mul(scores, scale);
    if (slopes.length > 0) {
      const slopeTensor = tf.tensor3d([...slopes], [maps, 1, 1]);
      logits = tf.add(logits, tf.mul(slopeTensor, tf.tensor1d(Float32Array.from(keyPositions))));
    }
    const later = tf.sub(1, tf.linalg.bandPart(tf.ones([n, n]), -1, 0));
    return tf.softmax(tf.add(logits, tf.mul(later, masked))) as tf.Tensor3D;
  });
}

function computeSoftmax({ inputs: { scores }, attrs, backend }: KernelCall) {
  const [maps, n] = scores.shape;
  const { scale, slopes, keyPositions } = attrs as Required<CausalSoftmaxOptions>;
  const { simd } = backend;
  const size = n * n;
  const [target, source, bias] = simd.reserve(size, size, n);
  const values = backend.floats(scores);
  const result = backend.allocate(values.length);
  for (let map = 0; map < maps; map++) {
    const slope = slopes[map] ?? 0;
    simd.view(bias, n).forEach((_, j, row) => row[j] = slope * keyPositions[j]);
    simd.write(source, values.subarray(map * size, (map + 1) * size));
    simd.kernels.causalSoftmax(n, target, source, bias, scale);
    result.set(simd.view(target, size), map * size);
  }
  return backend.output(scores.shape, result);
}

function computeGradient({ inputs: { y, dy }, attrs: { scale }, backend }: KernelCall) {
  const [maps, n] = y.shape;
  const { simd } = backend;
  const size = n * n;
  const [target, probabilities, gradient] = simd.reserve(size, size, size);
  const [values, gradients] = [backend.floats(y), backend.floats(dy)];
  const result = backend.allocate(values.length);
  for (let map = 0; map < maps; map++) {
    const [start, end] = [map * size, (map + 1) * size];
    simd.write(probabilities, values.subarray(start, end));
    simd.write(gradient, gradients.subarray(start, end));
    simd.kernels.causalSoftmaxGradient(n, target, probabilities, gradient, scale);
    result.set(simd.view(target, size), start);
  }
  return backend.output(y.shape, result);
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
