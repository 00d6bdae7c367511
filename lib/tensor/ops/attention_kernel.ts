import { refuse } from "../../core/mod.ts";
import type { AgileBackend, KernelCall } from "../agile.ts";
import type { tf } from "../tf.ts";
import {
  type AttentionExtents,
  attentionExtents,
  type AttentionOptions,
} from "./attention_maps.ts";
import { type Log2Limits, log2Limits, type Log2Rounding, noRounding } from "./log2.ts";

/** What {@linkcode causalAttention} is told besides queries, keys and values. */
export interface CausalAttentionOptions extends AttentionOptions {
  /** Rounds the probabilities to powers of two; rows are not renormalised. Has no gradient. */
  log2?: Log2Rounding;
  /** What errors call the probabilities. */
  name?: string;
}

/** One head of one window: addresses of its first rows, and the first element of `startToken`. */
interface Head {
  q: number;
  k: number;
  v: number;
  output: number;
  first: number;
  /** Address of what is added to the scaled scores of its keys, 0 for nothing. */
  bias: number;
}

/** What all heads have in common. */
interface Attention {
  extents: AttentionExtents;
  scale: number;
  limits: Log2Limits;
}

/** Computes `output` and `startToken` of `causalAttention`. */
export function computeAttention(
  { inputs: { q, k, v }, attrs, backend }: KernelCall,
): tf.TensorInfo[] {
  const { log2, name, ...options } = attrs as CausalAttentionOptions;
  const extents = attentionExtents(q, k, v, options);
  const limits = log2 ? log2Limits(log2) : noRounding;
  const { batch, heads, queries } = extents;
  const sources = [q, k, v].map((tensor) => backend.addressOf(tensor));
  const output = backend.output(q.shape);
  const first = backend.output([batch * heads, queries]);
  withBiases(backend, extents, options, (biases) => {
    const targets = [output.address, first.address];
    const all = Array.from(
      { length: batch * heads },
      (_, map) => locate(extents, map, sources, targets, biases),
    );
    const attend = backend.matrixProduct.native ? attendByProducts : attendByBlocks;
    attend(backend, { extents, scale: options.scale, limits }, all);
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
): Head {
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
function attendByBlocks(
  backend: AgileBackend,
  { extents, scale, limits }: Attention,
  all: Head[],
) {
  const { heads, keyValueHeads, headDim, keys } = extents;
  const [channels, ownerChannels] = [heads * headDim, keyValueHeads * headDim];
  const size = Math.max(1, Math.min(blockQueries, Math.floor(workspaceScores / keys)));
  backend.run(
    "attend",
    blocksOf(extents, size).flatMap(({ first, rows, width }) =>
      all.map(({ q, k, v, output, first: starts, bias }) => [
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
  all: Head[],
) {
  const { heads, keyValueHeads, headDim, queries, keys } = extents;
  const [channels, ownerChannels] = [heads * headDim, keyValueHeads * headDim];
  const size = Math.min(queries, Math.max(1, Math.floor(productScores / keys)));
  // Rows a power of two apart would fall into the same sets of the caches.
  const stride = Math.ceil(keys / 4) * 4 + 16;
  backend.scratch([4 * size * stride], (scores) => {
    for (const { q, k, v, output, first: starts, bias } of all) {
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
