import { refuse } from "../../core/mod.ts";
import type { AgileBackend, KernelCall } from "../agile.ts";
import type { tf } from "../tf.ts";
import {
  type AttentionExtents,
  attentionExtents,
  type AttentionNormalization,
  type AttentionOptions,
} from "./attention_maps.ts";
import { withBfloatMultiples } from "./bfloat_multiples.ts";
import { type Log2Limits, log2Limits, type Log2Rounding, noRounding } from "./log2.ts";
import { withCopies } from "./scratch_copies.ts";
import { firstKeysSeen } from "./sliding_window.ts";

/** What {@linkcode causalAttention} is told besides queries, keys and values. */
export interface CausalAttentionOptions extends AttentionOptions {
  /** Rounds the probabilities to powers of two; rows are not renormalised. Has no gradient. */
  log2?: Log2Rounding;
  /** What errors call the probabilities. */
  name?: string;
  /** What the operands are whole multiples of, which lets codes be multiplied where that is faster. */
  steps?: OperandSteps;
}

/** What queries, keys and values that were quantized are whole multiples of. */
export interface OperandSteps {
  query: number;
  key: number;
  value: number;
}

/** One head of one window: addresses of its first rows, and the first element of `startToken`. */
interface Head {
  q: number;
  k: number;
  v: number;
  /** Of an element of these three. */
  bytes: number;
  output: number;
  first: number;
  /** Address of what is added to the scaled scores of its keys, 0 for nothing. */
  bias: number;
}

/** What all heads have in common. */
interface Attention {
  extents: AttentionExtents;
  /** Under a sliding window, the first key that each query of a window sees, `[queries]`. */
  firsts?: Int32Array;
  /** The address of a copy of them, 0 for none. */
  table: number;
}

/** Computes `output` and `startToken` of `causalAttention`. */
export function computeAttention(
  { inputs: { q, k, v }, attrs, backend }: KernelCall,
): tf.TensorInfo[] {
  const { log2, name, steps, ...options } = attrs as CausalAttentionOptions;
  const { scale, normalization = "softmax" } = options;
  const extents = attentionExtents(q, k, v, options);
  const limits = log2 ? log2Limits(log2) : noRounding;
  const { batch, heads, queries, keys } = extents;
  const output = backend.output(q.shape);
  const first = backend.output([batch * heads, queries]);
  const firsts = firstKeysSeen(queries, keys, options);
  withCopies(backend, [...biasesOf(extents, options), firsts], (...addresses) => {
    const table = addresses.pop()!;
    const attention = { extents, firsts, table };
    const targets = [output.address, first.address];
    const locateAll = (sources: number[], bytes: number) =>
      Array.from(
        { length: batch * heads },
        (_, map) => locate(extents, map, sources, bytes, targets, addresses),
      );
    const multiplied = steps && normalization === "softmax" &&
      multipliesBfloats(backend, extents, log2) &&
      withBfloatMultiples(backend, [q, k, v], [steps.query, steps.key, steps.value], (...codes) => {
        attendBfloats(backend, attention, locateAll(codes, 2), scale, steps, limits);
      });
    if (multiplied) return;
    const sources = [q, k, v].map((tensor) => backend.addressOf(tensor));
    attend(backend, attention, locateAll(sources, 4), scale, limits, normalization);
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
  bytes: number,
  [output, first]: number[],
  biases: number[],
): Head {
  const [window, head] = [Math.floor(map / heads), map % heads];
  const shared = Math.floor(head * keyValueHeads / heads);
  const own = headDim * (window * queries * heads + head);
  const others = headDim * (window * keys * keyValueHeads + shared);
  return {
    q: q + bytes * own,
    k: k + bytes * others,
    v: v + bytes * others,
    bytes,
    output: output + 4 * own,
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
export const nativeLimits: CallLimits = { queries: 96, scores: 2 ** 19 };

/** Scores that the kernel leaves free behind each row, at most. */
const rowPadding = 48;

/** From so many queries on a native product pays for its call. */
const nativeQueries = 16;

/** As many queries as the limits let a call take on, at least one. */
export function fitting(
  { queries, scores }: CallLimits,
  { keys }: Pick<AttentionExtents, "keys">,
): number {
  return Math.max(1, Math.min(queries, Math.floor(scores / (keys + rowPadding))));
}

/** Whether native products take on enough queries at a time. */
function isNative(backend: AgileBackend, extents: AttentionExtents): boolean {
  return backend.matrixProduct.native &&
    Math.min(extents.queries, fitting(nativeLimits, extents)) >= nativeQueries;
}

/** Attention in the SIMD kernel. */
function attend(
  backend: AgileBackend,
  attention: Attention,
  heads: Head[],
  scale: number,
  { maximum, lowest, zeroBelow }: Log2Limits,
  normalization: AttentionNormalization,
): void {
  const native = isNative(backend, attention.extents);
  const blocks = callsOf(attention, heads, scale, native ? nativeLimits : simdLimits);
  const softpick = Number(normalization === "softpick");
  const others = [Number(native), maximum, lowest, zeroBelow, softpick];
  backend.run("attend", blocks.map((call) => [...call, ...others]));
}

/**
 * Whether attention of codes is what a native library multiplies as bfloat16: the sums are those of
 * float32, and of the codes of eight bits and powers of two no product is rounded.
 */
function multipliesBfloats(
  backend: AgileBackend,
  extents: AttentionExtents,
  log2?: Log2Rounding,
): boolean {
  return backend.multipliesBfloats && isNative(backend, extents) &&
    log2?.profile === "released" && log2.bits <= 6; // beyond, powers leave what bfloat16 holds
}

/** Attention of multiples of steps in bfloat16. */
function attendBfloats(
  backend: AgileBackend,
  attention: Attention,
  heads: Head[],
  scale: number,
  { query, key, value }: OperandSteps,
  { zeroBelow }: Log2Limits,
): void {
  const blocks = callsOf(attention, heads, scale * query * key, nativeLimits);
  const others = [value, Math.log2(zeroBelow)];
  backend.run("attendBfloats", blocks.map((call) => [...call, ...others]));
}

/** What the calls of either kernel begin with, each for one block of queries of one head. */
function callsOf(
  attention: Attention,
  all: Head[],
  scale: number,
  limits: CallLimits,
): number[][] {
  const { extents, table } = attention;
  const { heads, keyValueHeads, headDim } = extents;
  const [channels, ownerChannels] = [heads * headDim, keyValueHeads * headDim];
  return blocksOf(attention, fitting(limits, extents)).flatMap(({ first, rows, base, width }) =>
    all.map(({ q, k, v, bytes, output, first: starts, bias }) => [
      ...[rows, width - rows + 1, headDim],
      ...[q + bytes * first * channels, output + 4 * first * channels, channels],
      ...[k + bytes * base * ownerChannels, v + bytes * base * ownerChannels, ownerChannels],
      ...[scale, bias && bias + 4 * base, starts + 4 * first],
      ...[table && table + 4 * first, base],
    ])
  );
}
