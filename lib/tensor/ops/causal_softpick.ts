import type { AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";
import {
  type CausalAttributes,
  causalAttributes,
  causalLogits,
  type CausalSoftmaxOptions,
  computeShares,
  runOnMaps,
} from "./causal_softmax.ts";
import { fused, runKernel } from "./fused.ts";

/** What keeps a row of nothing but zeros from 0 / 0, in the authors' code. */
const epsilon = 1e-8;

/**
 * Softpick (Zuhri et al. 2025) in the place of a causal softmax: in each map, over the keys that a query sees,
 * `relu(e^x - 1) / (sum of |e^x - 1| + 1e-8)` of its logits x, both over `e^max(0, largest x)`, so that none
 * overflows; all other entries are exactly 0. The entries of a row add up to at most 1, and to 0 where no
 * logit is above 0.
 *
 * A number added to all logits matters here: that of ALiBi is `slope * (position of the key - that of the
 * query)`. Differences of e^x and 1 are those of float32: near x = 0 they are known to 6e-8, not to as many digits.
 *
 * @param scores [maps, queries, keys], with at least as many keys as queries
 * @returns [maps, queries, keys]
 * @throws {InputError} If there are more queries than keys or an option has the wrong length.
 */
export function causalSoftpick(scores: tf.Tensor3D, options: CausalSoftmaxOptions): tf.Tensor3D {
  const attributes = causalAttributes(scores, options, "take a causal softpick");
  return fused("CausalSoftpick", { scores }, { ...attributes }, () => {
    const { logits, visible } = causalLogits(scores, attributes);
    const seen = tf.mul(logits, visible); // 0, which picks nothing, in the place of others
    const largest = tf.relu(tf.max(seen, -1, true));
    const picks = tf.sub(tf.exp(tf.sub(seen, largest)), tf.exp(tf.neg(largest)));
    const total = tf.sum(tf.abs(picks), -1, true);
    return tf.div(tf.relu(picks), tf.add(total, epsilon)) as tf.Tensor3D;
  });
}

function computeGradient({ inputs: { scores, dy }, attrs, backend }: KernelCall) {
  const attributes = attrs as unknown as CausalAttributes;
  const [source, slope] = [scores, dy].map((each) => backend.addressOf(each));
  const { tensor, address } = backend.output(scores.shape);
  runOnMaps(backend, scores.shape, attributes, "causalSoftpickGradient", (at, bias, first) => [
    ...[address + at, source + at, slope + at, bias, attributes.scale, first],
  ]);
  return tensor;
}

/**
 * The gradient of {@linkcode causalSoftpick} for the scores, from that for its output.
 *
 * @param dy Of the shape of `scores`.
 */
export function softpickGradient(
  scores: tf.Tensor3D,
  dy: tf.Tensor,
  attributes: CausalAttributes,
): tf.Tensor {
  return runKernel("CausalSoftpickGradient", { scores, dy }, { ...attributes });
}

/** The kernels behind {@linkcode causalSoftpick}. */
export const causalSoftpickKernels: AgileKernel[] = [
  {
    name: "CausalSoftpick",
    compute: (call) => computeShares(call, true),
    gradient: {
      inputsToSave: ["scores"],
      gradFunc: (dy, [scores], attributes) => ({
        scores: () =>
          softpickGradient(
            scores as tf.Tensor3D,
            dy as tf.Tensor,
            attributes as unknown as CausalAttributes,
          ),
      }),
    },
  },
  { name: "CausalSoftpickGradient", compute: computeGradient },
];
