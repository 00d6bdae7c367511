import { require } from "../core/mod.ts";
import { applyMaps } from "../linear/mod.ts";
import {
  attendByMaps,
  attendCodes,
  attendsCodes,
  causalAttention,
  type CausalAttentionOptions,
  fakeQuantLog2,
  type Log2Rounding,
  type MapAttentionOptions,
  type OperandSteps,
  rotary,
  rotaryTable,
  tensorData,
  tf,
  type TokenCodes,
} from "../tensor/mod.ts";
import { startTokenImportance } from "../tokens/mod.ts";
import { alibiSlopes } from "./alibi.ts";
import type { Architecture } from "./architecture.ts";
import type { Block } from "./open_block.ts";
import { rotaryFrequencies } from "./rotary_frequencies.ts";
import { type BlockHook, hookOfBlock } from "./sites.ts";
import type { MapImportance } from "./state.ts";

/** The keys, or the values, that queries see. */
export interface SeenTokens {
  /** `[tokens, channels]` */
  read(): tf.Tensor2D;
  /** Where they are kept in eight bits. */
  readonly codes?: TokenCodes;
}

/** What attention sees. */
interface Seen {
  key: SeenTokens;
  value: SeenTokens;
}

/**
 * Takes the keys and values of new tokens, `[tokens, channels]`, and returns those of every token so
 * far, the new ones last.
 */
export type Recall = (key: tf.Tensor2D, value: tf.Tensor2D) => Seen;

/** Besides its input, what {@linkcode attend} reads. */
export interface BlockAttentionOptions {
  /** Windows that lie one after the other in the input. */
  batch: number;
  /** What the position encoding and a sliding window take each token's place to be, `[tokens]`. */
  positionIds: Int32Array;
  at: BlockHook;
  /** Whether `at` is to see the attention maps, which do not exist otherwise. */
  maps: boolean;
  /** Rounds the probabilities. */
  probabilities?: Log2Rounding;
  /** What the operands of the products are whole multiples of, should that be known. */
  steps?: OperandSteps;
  /** What errors call the probabilities. */
  name: string;
  /** Where the window has tokens before those of the input; `batch` is 1 then. */
  recall?: Recall;
  /** The rows that are the first tokens of windows. */
  first?: Int32Array;
  /** Scores tokens, unless it is their scores, `[tokens]`; `batch` is 1 then. */
  importance?: "startToken" | MapImportance | Float32Array;
  /** Which tokens are computed in fewer bits from here on, by their scores `[tokens]`. */
  lowerTokens?: (scores: Float32Array) => Int32Array;
}

/** What attention reads of its block. */
export type AttentionBlock = Pick<Block, "layer" | "maps" | "attentionProduct">;

/** What attention gives back. */
export interface Attended {
  output: tf.Tensor2D;
  /** Importance of each token, `[tokens]`; only where it was asked for. */
  importance?: Float32Array;
  /** The tokens that are computed in fewer bits; only where there are scores to choose by. */
  lower?: Int32Array;
}

/**
 * Causal self-attention of one block with its output projection.
 *
 * @param input The normed stream, `[batch * tokens, channels]`.
 * @returns `output` of the shape of `input`.
 * @throws {InputError} If tokens are to be scored and a score is NaN.
 */
export function attend(
  architecture: Architecture,
  { layer, maps, attentionProduct: product }: AttentionBlock,
  input: tf.Tensor2D,
  options: BlockAttentionOptions,
): Attended {
  const { batch, positionIds, at, recall, importance, first } = options;
  const { heads, headDim, positions, slidingWindow, attentionNormalization } = architecture;
  const projected = applyMaps([maps.query!, maps.key!, maps.value!], input, { first });
  const value = projected[2];
  let [query, key] = projected;
  if (positions.kind === "rotary") {
    const window = positionIds[positionIds.length - 1] + 1;
    const { frequencies, magnitude } = rotaryFrequencies(positions, headDim, window);
    const table = rotaryTable(repeat(positionIds, batch), frequencies, magnitude);
    query = rotary(at("attn.qBeforeRotary", query, { first }), table, headDim);
    key = rotary(at("attn.kBeforeRotary", key, { first }), table, headDim);
  }
  query = at("attn.q", query, { first });
  const own = { key: at("attn.k", key, { first }), value: at("attn.v", value, { first }) };
  const seen = recall?.(own.key, own.value) ??
    { key: { read: () => own.key }, value: { read: () => own.value } };
  const mixing = {
    heads,
    batch,
    scale: 1 / Math.sqrt(headDim),
    normalization: attentionNormalization,
    slopes: positions.kind === "alibi" ? alibiSlopes(heads) : undefined,
    keyPositions: recall ? undefined : positionIds,
    slidingWindow: slidingWindow && layer >= slidingWindow.from ? slidingWindow.size : undefined,
    log2: options.probabilities,
    steps: recall ? undefined : options.steps,
    name: options.name,
    product,
  };
  const mix = options.maps || product || typeof importance === "function" ? mixByMaps : mixAtOnce;
  const mixed = mix(query, seen, mixing, options);
  const scores = importance instanceof Float32Array ? importance : mixed.importance;
  const strange = scores?.includes(NaN) ?? false;
  require(!strange, "score tokens", `${options.name} must be numbers`, NaN);
  const lower = scores && options.lowerTokens?.(scores);
  const rows = { ...lower && { lower }, first };
  const joined = at("attn.output", mixed.output, rows);
  return { importance: scores, lower, output: maps.output!.apply(joined, rows) };
}

/**
 * Causal self-attention of a block over one window, its output projection included; nothing looks at it.
 *
 * @param input Normed, `[tokens, channels]`.
 * @returns `[tokens, channels]`
 */
export function runAttention(
  architecture: Architecture,
  block: AttentionBlock,
  input: tf.Tensor2D,
): tf.Tensor2D {
  const positionIds = Int32Array.from({ length: input.shape[0] }, (_, position) => position);
  const at = hookOfBlock(architecture, { layer: block.layer, window: 0 });
  const name = "attention probabilities";
  return attend(architecture, block, input, { batch: 1, positionIds, at, maps: false, name })
    .output;
}

/** Attention whose maps never exist. */
function mixAtOnce(
  query: tf.Tensor2D,
  { key, value }: Seen,
  mixing: CausalAttentionOptions,
  { importance }: BlockAttentionOptions,
): Attended {
  if (key.codes && value.codes && !importance && attendsCodes(query.shape, key.codes, mixing)) {
    return { output: attendCodes(query, key.codes, value.codes, mixing) };
  }
  const { output, startToken } = causalAttention(query, key.read(), value.read(), mixing);
  return importance === "startToken"
    ? { output, importance: tensorData(tf.sum(startToken, 0)).slice() }
    : { output };
}

/** Attention by maps, which the hook sees after they were rounded. */
function mixByMaps(
  query: tf.Tensor2D,
  { key, value }: Seen,
  mixing: CausalAttentionOptions & MapAttentionOptions,
  { at, importance, name }: BlockAttentionOptions,
): Attended {
  const { log2 } = mixing;
  const score = importance === "startToken" ? startTokenImportance : importance;
  let scores: Float32Array | undefined;
  const output = attendByMaps(query, key.read(), value.read(), mixing, (maps, firstMap) => {
    const [count, tokens] = maps.shape;
    const rounded = log2 ? fakeQuantLog2(maps, log2, name) : maps;
    const probabilities = at("attn.probs", rounded, { firstHead: firstMap });
    if (typeof score === "function") {
      const part = score(tensorData(probabilities), { heads: count, tokens });
      scores = scores ? scores.map((sum, token) => sum + part[token]) : part;
    }
    return probabilities;
  });
  return { output, importance: scores };
}

function repeat(values: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: times * values.length }, (_, i) => values[i % values.length]);
}
