import { refuse } from "../../core/mod.ts";
import type { AgileBackend, KernelCall } from "../agile.ts";
import type { tf } from "../tf.ts";
import {
  type AttentionExtents,
  attentionExtents,
  type AttentionOptions,
} from "./attention_maps.ts";
import { type Log2Limits, log2Limits, type Log2Rounding, noRounding } from "./log2.ts";
import { withCopies } from "./scratch_copies.ts";
import { firstKeysSeen } from "./sliding_window.ts";

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
  /** Under a sliding window, the first key that each query of a window sees, `[queries]`. */
  firsts?: Int32Array;
  /** The address of a copy of them, 0 for none. */
  table: number;
}

/** Computes `output` and `startToken` of `causalAttention`. */
export function computeAttention(
  { inputs: { q, k, v }, attrs, backend }: KernelCall,
): tf.TensorInfo[] {
  const { log2, name, ...options } = attrs as CausalAttentionOptions;
  const extents = attentionExtents(q, k, v, options);
  const limits = log2 ? log2Limits(log2) : noRounding;
  const { batch, heads, queries, keys } = extents;
  const sources = [q, k, v].map((tensor) => backend.addressOf(tensor));
  const output = backend.output(q.shape);
  const first = backend.output([batch * heads, queries]);
  const firsts = firstKeysSeen(queries, keys, options);
  withCopies(backend, [...biasesOf(extents, options), firsts], (...addresses) => {
    const table = addresses.pop()!;
    const targets = [output.address, first.address];
    const all = Array.from(
      { length: batch * heads },
      (_, map) => locate(extents, map, sources, targets, addresses),
    );
    attend(backend, { extents, scale: options.scale, limits, firsts, table }, all);
  });
  const probabilities = backend.view(Float32Array, first.address, batch * heads * queries);
  if (log2 && probabilities.some(Number.isNaN)) {
    for (const { tensor } of [output, first]) backend.disposeData(tensor.dataId);
    refuse(`quantize ${name}`, "values must be finite", NaN);
  }
  return [output.tensor, first.tensor];
}

/** What is added to the scaled scores of each head's keys, `[keys]` each; none without ALiBi. */
export function biasesOf(
  { keys }: Pick<AttentionExtents, "keys">,
  { slopes = [], keyPositions }: AttentionOptions,
): Float32Array[] {
  return slopes.map((slope) =>
    Float32Array.from({ length: keys }, (_, j) => slope * (keyPositions?.[j] ?? j))
  );
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

/** Keys that a product sums up at a time: who begins at a multiple of them sums up alike. */
const depth = 256;

/**
 * Blocks of at most so many queries: the first, how many, from which key on one of them sees some, and how
 * many keys there are from that one to the last that one of them sees.
 */
function blocksOf({ extents: { queries, keys }, firsts }: Attention, size: number) {
  return Array.from({ length: Math.ceil(queries / size) }, (_, block) => {
    const first = block * size;
    const rows = Math.min(size, queries - first);
    const base = firsts ? firsts[first] - firsts[first] % depth : 0;
    return { first, rows, base, width: keys - queries + first + rows - base };
  });
}

/** What a call of the kernel takes on, by what multiplies. */
interface CallLimits {
  /** Queries: packing their keys and values then costs little beside multiplying them. */
  queries: number;
  /** Scores, which a thread's workspace holds. */
  scores: number;
}

const simdLimits: CallLimits = { queries: 64, scores: 2 ** 18 }; // beside what its products need
const nativeLimits: CallLimits = { queries: 96, scores: 2 ** 19 };

/** Scores that the kernel leaves free behind each row, at most. */
const rowPadding = 32;

/** From so many queries on a native product pays for its call. */
const nativeQueries = 16;

/** Attention in the SIMD kernel, each call for one block of queries of one head. */
function attend(backend: AgileBackend, attention: Attention, all: Head[]): void {
  const { extents, scale, limits, table } = attention;
  const { heads, keyValueHeads, headDim, queries, keys } = extents;
  const [channels, ownerChannels] = [heads * headDim, keyValueHeads * headDim];
  const fitting = (most: CallLimits) =>
    Math.max(1, Math.min(most.queries, Math.floor(most.scores / (keys + rowPadding))));
  const native = backend.matrixProduct.native &&
    Math.min(queries, fitting(nativeLimits)) >= nativeQueries;
  const blocks = blocksOf(attention, fitting(native ? nativeLimits : simdLimits));
  backend.run(
    "attend",
    blocks.flatMap(({ first, rows, base, width }) =>
      all.map(({ q, k, v, output, first: starts, bias }) => [
        ...[Number(native), rows, width - rows + 1, headDim],
        ...[q + 4 * first * channels, output + 4 * first * channels, channels],
        ...[k + 4 * base * ownerChannels, v + 4 * base * ownerChannels, ownerChannels],
        ...[scale, bias && bias + 4 * base],
        ...[limits.maximum, limits.lowest, limits.zeroBelow],
        ...[starts + 4 * first, table && table + 4 * first, base],
      ])
    ),
  );
}
