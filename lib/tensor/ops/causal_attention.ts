import { refuse, require } from "../../core/mod.ts";
import type { AgileBackend, AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";
import { attentionGradient } from "./attention_gradient.ts";
import {
  attendByMaps,
  type AttentionExtents,
  attentionExtents,
  type AttentionOptions,
} from "./attention_maps.ts";
import { fused } from "./fused.ts";
import {
  fakeQuantLog2,
  type Log2Limits,
  log2Limits,
  type Log2Rounding,
  noRounding,
} from "./log2.ts";

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

/** One head of one window: addresses of its first rows, and the first element of `startToken`. */
interface Map {
  q: number;
  k: number;
  v: number;
  output: number;
  first: number;
  /** Address of what is added to the scaled scores of its keys, 0 for nothing. */
  bias: number;
}

/** What all maps have in common. */
interface Attention {
  extents: AttentionExtents;
  scale: number;
  limits: Log2Limits;
}

function compute({ inputs: { q, k, v }, attrs, backend }: KernelCall): tf.TensorInfo[] {
  const { log2, name, ...options } = attrs as CausalAttentionOptions;
  const extents = attentionExtents(q, k, v, options);
  const limits = log2 ? log2Limits(log2) : noRounding;
  const { batch, heads, queries } = extents;
  const sources = [q, k, v].map((tensor) => backend.addressOf(tensor));
  const output = backend.output(q.shape);
  const first = backend.output([batch * heads, queries]);
  withBiases(backend, extents, options, (biases) => {
    const targets = [output.address, first.address];
    const maps = Array.from(
      { length: batch * heads },
      (_, map) => locate(extents, map, sources, targets, biases),
    );
    const attend = backend.matrixProduct.native ? attendByProducts : attendByBlocks;
    attend(backend, { extents, scale: options.scale, limits }, maps);
  });
  const probabilities = backend.view(Float32Array, first.address, batch * heads * queries);
  if (log2 && probabilities.some(Number.isNaN)) {
    for (const { tensor } of [output, first]) backend.disposeData(tensor.dataId);
    refuse(`quantize ${name}`, "values must be finite", NaN);
  }
  return [output.tensor, first.tensor];
}

/** Calls `work` with the addresses of the biases of each head; none without ALiBi. */
function withBiases(
  backend: AgileBackend,
  { heads, keys }: AttentionExtents,
  { slopes, keyPositions }: AttentionOptions,
  work: (biases: number[]) => void,
): void {
  if (!slopes) return work([]);
  backend.scratch(slopes.map(() => 4 * keys), (...biases) => {
    for (let head = 0; head < heads; head++) {
      const bias = backend.view(Float32Array, biases[head], keys);
      for (let j = 0; j < keys; j++) bias[j] = slopes[head] * (keyPositions?.[j] ?? j);
    }
    work(biases);
  });
}

function locate(
  { heads, keyValueHeads, headDim, queries, keys }: AttentionExtents,
  map: number,
  [q, k, v]: number[],
  [output, first]: number[],
  biases: number[],
): Map {
  const [window, head] = [Math.floor(map / heads), map % heads];
  const shared = Math.floor(head * keyValueHeads / heads);
  const own = 4 * headDim * (window * queries * heads + head);
  const others = 4 * headDim * (window * keys * keyValueHeads + shared);
  return {
    q: q + own,
    k: k + others,
    v: v + others,
    output: output + own,
    first: first + 4 * map * queries,
    bias: biases[head] ?? 0,
  };
}

/** Blocks of at most so many queries: the first, how many, and the keys that its last one sees. */
function blocksOf({ queries, keys }: AttentionExtents, size: number) {
  return Array.from({ length: Math.ceil(queries / size) }, (_, block) => {
    const first = block * size;
    const rows = Math.min(size, queries - first);
    return { first, rows, width: keys - queries + first + rows };
  });
}

/** Queries of a block: packing its keys and values then costs little beside multiplying them. */
const blockQueries = 64;

/** Scores that fit a thread's workspace, with room for its products. */
const workspaceScores = 2 ** 18;

/** Attention in the SIMD kernel `attend`, each call for one block of queries of one head. */
function attendByBlocks(backend: AgileBackend, { extents, scale, limits }: Attention, maps: Map[]) {
  const { heads, keyValueHeads, headDim, keys } = extents;
  const [channels, ownerChannels] = [heads * headDim, keyValueHeads * headDim];
  const size = Math.max(1, Math.min(blockQueries, Math.floor(workspaceScores / keys)));
  backend.run(
    "attend",
    blocksOf(extents, size).flatMap(({ first, rows, width }) =>
      maps.map(({ q, k, v, output, first: starts, bias }) => [
        ...[rows, width - rows + 1, headDim],
        ...[q + 4 * first * channels, output + 4 * first * channels, channels],
        ...[k, v, ownerChannels],
        ...[scale, bias, limits.maximum, limits.lowest, limits.zeroBelow, starts + 4 * first],
      ])
    ),
  );
}

/** Scores computed at a time: they stay in the second-level caches. */
const productScores = 2 ** 18;

/** Rows that one call turns into probabilities. */
const callRows = 16;

/** Attention on the backend's own matrix products, a block of queries of one head at a time. */
function attendByProducts(
  backend: AgileBackend,
  { extents, scale, limits }: Attention,
  maps: Map[],
) {
  const { heads, keyValueHeads, headDim, queries, keys } = extents;
  const [channels, ownerChannels] = [heads * headDim, keyValueHeads * headDim];
  const size = Math.min(queries, Math.max(1, Math.floor(productScores / keys)));
  // Rows a power of two apart would fall into the same sets of the caches.
  const stride = Math.ceil(keys / 4) * 4 + 16;
  backend.scratch([4 * size * stride], (scores) => {
    for (const { q, k, v, output, first: starts, bias } of maps) {
      for (const { first, rows, width } of blocksOf(extents, size)) {
        const at = 4 * first * channels;
        backend.matrixProduct.multiply([{ a: q + at, b: k, c: scores }], {
          ...{ m: rows, n: width, k: headDim, transposeA: false, transposeB: true },
          ...{ strideA: channels, strideB: ownerChannels, strideC: stride },
        });
        const calls = Array.from({ length: Math.ceil(rows / callRows) }, (_, call) => {
          const row = call * callRows;
          return [
            ...[Math.min(callRows, rows - row), width - rows + 1 + row, width],
            ...[scores + 4 * row * stride, stride, scale, bias],
            ...[limits.maximum, limits.lowest, limits.zeroBelow, starts + 4 * (first + row)],
          ];
        });
        backend.run("attentionProbabilities", calls);
        backend.matrixProduct.multiply([{ a: scores, b: v, c: output + at }], {
          ...{ m: rows, n: headDim, k: width, transposeA: false, transposeB: false },
          ...{ strideA: stride, strideB: ownerChannels, strideC: channels },
        });
      }
    }
  });
}

/** The kernel behind {@linkcode causalAttention}. */
export const causalAttentionKernels: AgileKernel[] = [{
  name: "CausalAttention",
  compute,
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
