import { require } from "../../core/mod.ts";
import type { AgileKernel } from "../agile.ts";
import { tf } from "../tf.ts";
import { attentionGradient } from "./attention_gradient.ts";
import { type CausalAttentionOptions, computeAttention } from "./attention_kernel.ts";
import { attendByMaps, attentionExtents } from "./attention_maps.ts";
import { fused } from "./fused.ts";
import { fakeQuantLog2 } from "./log2.ts";

/** What {@linkcode causalAttention} gives. */
export interface CausalAttention {
  /** The shape of q. */
  output: tf.Tensor2D;
  /**
   * The probability, rounded if asked for, of the first key, `[batch * heads, queries]`: the sum over
   * the heads is the importance of a token (eq. 4). Has no gradient.
   */
  startToken: tf.Tensor2D;
}

/**
 * Causal self-attention: `softmax(scale q kᵀ + ALiBi) v`, or with softpick in its place, head by head.
 *
 * The queries are the last ones of the tokens whose keys there are: query i of a window sees the keys
 * `j <= i + keys - queries`, of which a sliding window leaves the last. Attention maps never exist as a whole.
 *
 * @param q `[batch * queries, heads * headDim]`
 * @param k `[batch * keys, keyValueHeads * headDim]`: each head serves a group of consecutive heads of q.
 * @param v As k.
 * @throws {InputError} If the shapes or options do not fit, or NaN is to be rounded.
 */
export function causalAttention(
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  options: CausalAttentionOptions,
): CausalAttention {
  attentionExtents(q, k, v, options);
  const { log2, name = "attention probabilities" } = options;
  const attributes = { ...options, name };
  const [output, startToken] = fused("CausalAttention", { q, k, v }, attributes, () => {
    const firsts: tf.Tensor2D[] = [];
    try {
      const output = attendByMaps(q, k, v, options, (maps) => {
        const rounded = log2 ? fakeQuantLog2(maps, log2, name) : maps;
        const [count, queries] = maps.shape;
        const first = tf.slice(rounded, [0, 0, 0], [-1, -1, 1]);
        firsts.push(tf.keep(tf.reshape(first, [count, queries])));
        return rounded;
      });
      return [output, tf.concat(firsts)];
    } finally {
      tf.dispose(firsts);
    }
  });
  return { output: output as tf.Tensor2D, startToken: startToken as tf.Tensor2D };
}

/** The kernel behind {@linkcode causalAttention}. */
export const causalAttentionKernels: AgileKernel[] = [{
  name: "CausalAttention",
  compute: computeAttention,
  gradient: {
    inputsToSave: ["q", "k", "v"],
    gradFunc: (dys, [q, k, v], attributes) => {
      const options = attributes as unknown as CausalAttentionOptions;
      require(!options.log2, "differentiate attention", "probabilities must not be rounded");
      const [dy] = dys as tf.Tensor2D[];
      const [matrixQ, matrixK, matrixV] = [q, k, v] as tf.Tensor2D[];
      const gradients = attentionGradient(dy, matrixQ, matrixK, matrixV, options);
      return { q: () => gradients[0], k: () => gradients[1], v: () => gradients[2] };
    },
  },
}];
