import { refuse } from "../../core/mod.ts";
import { AgileBackend } from "../agile.ts";
import type { HeldNumbers } from "../held_numbers.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { biasesOf, type CausalAttentionOptions } from "./attention_kernel.ts";
import { log2Limits, noRounding } from "./log2.ts";
import { withCopies } from "./scratch_copies.ts";
import { firstKeysSeen } from "./sliding_window.ts";

/** Keys or values of tokens in eight bits: `code * scale`, one scale for each head of each token. */
export interface TokenCodes {
  tokens: number;
  heads: number;
  headDim: number;
  /** `[tokens, heads, headDim]`, in front. */
  codes: HeldNumbers<Int8Array>;
  /** `[tokens, heads]`, in front. */
  scales: HeldNumbers<Float32Array>;
}

/** Up to so many queries it pays to read the codes for each. */
const mostQueries = 16;

/** Whether {@linkcode attendCodes} computes these queries here, and faster than with dequantized operands. */
export function attendsCodes(
  [queries]: number[],
  { codes }: TokenCodes,
  { normalization = "softmax" }: Pick<CausalAttentionOptions, "normalization"> = {},
): boolean {
  return queries <= mostQueries && normalization === "softmax" && codes.address !== undefined &&
    tf.backend() instanceof AgileBackend;
}

/**
 * `causalAttention` of few queries, the last tokens of one window, to keys and values in eight bits: equal to the last
 * bit to that of the dequantized ones on SIMD. They are read where they lie.
 *
 * @param q `[queries, heads * headDim]`
 * @returns The shape of q.
 * @throws {InputError} If NaN is to be rounded.
 */
export function attendCodes(
  q: tf.Tensor2D,
  keys: TokenCodes,
  values: TokenCodes,
  options: CausalAttentionOptions,
): tf.Tensor2D {
  const { heads, scale, log2, name } = options;
  const { tokens, heads: owners, headDim } = keys;
  const backend = tf.backend() as AgileBackend;
  const [queries, channels] = q.shape;
  const limits = log2 ? log2Limits(log2) : noRounding;
  const firsts = firstKeysSeen(queries, tokens, options);
  const source = backend.addressOf(q);
  const output = backend.output(q.shape);
  const maps = queries * heads;
  const scoreBytes = 4 * (tokens + 8);
  const sharing = heads / owners;
  backend.scratch([4 * maps, maps * scoreBytes], (totals, scores) => {
    const table = Float32Array.from(biasesOf({ keys: tokens }, options).flatMap((row) => [...row]));
    withCopies(backend, table.length > 0 ? [table] : [], (bias = 0) => {
      const calls = Array.from({ length: queries }, (_, query) => {
        const first = firsts?.[query] ?? 0;
        const base = first - first % depth;
        const seen = tokens - queries + query + 1 - base;
        return split(owners, 1, Math.ceil(backend.simd.callsAtMost / 2)).map(([owner, count]) => {
          const head = sharing * owner;
          const map = query * heads + head;
          const at = 4 * (query * channels + head * headDim);
          const place = base * owners + owner;
          return [
            ...[seen, sharing * count, sharing, headDim, source + at, output.address + at],
            ...[keys, values].map(({ codes }) => codes.address! + headDim * place),
            ...[owners * headDim, keys.scales.address! + 4 * place],
            ...[values.scales.address! + 4 * place, 4 * owners],
            ...[scale, bias && bias + 4 * (head * tokens + base), 4 * tokens, first - base],
            ...[limits.maximum, limits.lowest, limits.zeroBelow],
            ...[totals + 4 * map, scores + scoreBytes * map, scoreBytes],
          ];
        });
      });
      backend.run("attendCodes", calls.flat());
    });
    if (log2 && backend.view(Float32Array, totals, maps).some(Number.isNaN)) {
      backend.disposeData(output.tensor.dataId);
      refuse(`quantize ${name}`, "values must be finite", NaN);
    }
  });
  return tf.engine().makeTensorFromTensorInfo(output.tensor) as tf.Tensor2D;
}

/** Keys that a product sums up at a time, as in `attention_kernel.ts`. */
const depth = 256;
