import { refuse } from "../../core/mod.ts";
import type { AgileBackend, AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";
import { tidy } from "../tidy.ts";
import { attentionGradient } from "./attention_gradient.ts";
import {
  attendByMaps,
  type AttentionExtents,
  attentionExtents,
  type AttentionOptions,
} from "./attention_maps.ts";
import { fused } from "./fused.ts";
import { fakeQuantLog2, log2Limits, type Log2Limits, type Log2Rounding } from "./log2.ts";

/** What {@linkcode causalAttention} is told besides queries, keys and values. */
export interface CausalAttentionOptions extends AttentionOptions {
  /** Rounds the probabilities to powers of two; rows are not renormalised. Has no gradient. */
  log2?: Log2Rounding;
  /** What errors call the probabilities. */
  name?: string;
}

/** What {@linkcode causalAttention} gives. */
export interface CausalAttention {
  /** The shape of q. */
  output: tf.Tensor2D;
  /**
   * The probability, rounded if asked for, of the first key, `[batch * heads, queries]`: the sum over
   * the heads is the importance of a token (eq. 4).
   */
  startToken: tf.Tensor2D;
}

/**
 * Causal self-attention: `softmax(scale q kᵀ + ALiBi) v`, head by head.
 *
 * The queries are the last ones of the tokens whose keys there are: query i of a window sees the keys
 * `j <= i + keys - queries`. Attention maps never exist as a whole.
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
  const [output, startToken] = fused("CausalAttention", { q, k, v }, { ...options }, () => {
    const { log2, name = "attention probabilities" } = options;
    const firsts: tf.Tensor2D[] = [];
    const output = attendByMaps(q, k, v, options, (maps) => {
      const rounded = log2 ? fakeQuantLog2(maps, log2, name) : maps;
      const [count, queries] = maps.shape;
      firsts.push(tf.keep(tf.reshape(tf.slice(rounded, [0, 0, 0], [-1, -1, 1]), [count, queries])));
      return rounded;
    });
    const startToken = tf.concat(firsts);
    tf.dispose(firsts);
    return [output, startToken];
  });
  return { output: output as tf.Tensor2D, startToken: startToken as tf.Tensor2D };
}

/** Floats of scores that a thread's workspace holds. */
const workspaceScores = 2 ** 18;

/** Queries of a block: enough that reading keys and values costs little beside multiplying them. */
const blockQueries = 48;

function compute({ inputs: { q, k, v }, attrs, backend }: KernelCall): tf.TensorInfo[] {
  const { log2, name, ...options } = attrs as CausalAttentionOptions;
  const extents = attentionExtents(q, k, v, options);
  const { batch, heads, headDim, queries, keys } = extents;
  const { tensor: output, address } = backend.output(q.shape);
  const first = backend.output([batch * heads, queries]);
  const limits = log2 ? log2Limits(log2) : { maximum: 0, last: 0, zeroFrom: 0 };
  withBias(backend, options, keys, (biasOf) => {
    const panelBytes = 4 * Math.ceil(keys / 8) * 8 * Math.ceil(headDim / 8) * 8;
  });
  if (log2 && backend.view(Float32Array, first.address, batch * heads * queries).some(Number.isNaN)) {
    refuse(`quantize ${name}`, "values must be finite", NaN);
  }
  return [output, first.tensor];
}
