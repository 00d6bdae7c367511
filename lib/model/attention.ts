import { rotary, rotaryTable, tf } from "../tensor/mod.ts";
import { alibiSlopes } from "./alibi.ts";
import type { Architecture } from "./architecture.ts";
import { attendByMaps, type Attended } from "./attention_maps.ts";
import { project } from "./modules.ts";
import type { BlockHook } from "./sites.ts";
import type { Importance } from "./state.ts";
import type { LayerWeights } from "./weights.ts";

/**
 * Takes the keys and values of new tokens, `[tokens, channels]`, and returns those of every token so
 * far in the same form, the new ones last.
 */
export type Recall = (
  key: tf.Tensor2D,
  value: tf.Tensor2D,
) => { key: tf.Tensor2D; value: tf.Tensor2D };

/** Besides its input, what {@linkcode attend} reads. */
export interface AttentionOptions {
  /** Windows that lie one after the other in the input. */
  batch: number;
  /** What the position encoding takes each token's place to be, `[tokens]`. */
  positionIds: Int32Array;
  at: BlockHook;
  /** Where the window has tokens before those of the input; `batch` is 1 then. */
  recall?: Recall;
  /** Scores tokens from the attention maps. */
  importance?: Importance;
}

/**
 * Causal self-attention of one block with its output projection.
 *
 * @param input The normed stream, `[batch * tokens, channels]`.
 * @returns `output` of the shape of `input`.
 */
export function attend(
  architecture: Architecture,
  weights: LayerWeights,
  input: tf.Tensor2D,
  { batch, positionIds, at, recall, importance }: AttentionOptions,
): Attended<tf.Tensor2D> {
  const { heads, keyValueHeads, headDim, positions } = architecture;
  let query = project(weights.query!, input);
  let key = project(weights.key!, input);
  if (positions.kind === "rotary") {
    const table = rotaryTable(repeat(positionIds, batch), headDim, positions.theta);
    query = rotary(at("attn.qBeforeRotary", query), table, headDim);
    key = rotary(at("attn.kBeforeRotary", key), table, headDim);
  }
  const value = project(weights.value!, input);
  query = at("attn.q", query);
  const own = { key: at("attn.k", key), value: at("attn.v", value) };
  const seen = recall ? recall(own.key, own.value) : own;
  const attended = attendByMaps(
    splitHeads(query, batch, heads),
    splitHeads(seen.key, batch, keyValueHeads),
    splitHeads(seen.value, batch, keyValueHeads),
    {
      slopes: positions.kind === "alibi" ? alibiSlopes(heads) : undefined,
      positionIds: recall ? undefined : positionIds,
      hook: (probabilities, firstHead) => at("attn.probs", probabilities, { firstHead }),
      importance,
    },
  );
  const scores = attended.importance;
  const joined = joinHeads(attended.output, batch, heads);
  const output = at("attn.output", joined, scores && { importance: scores });
  return { ...attended, output: project(weights.output!, output, scores) };
}

/** `[batch * tokens, heads * headDim]` to `[batch * heads, tokens, headDim]`. */
function splitHeads(value: tf.Tensor2D, batch: number, heads: number): tf.Tensor3D {
  const tokens = value.shape[0] / batch;
  const headDim = value.shape[1] / heads;
  const split = value.reshape([batch, tokens, heads, headDim]);
  return tf.transpose(split, [0, 2, 1, 3]).reshape([batch * heads, tokens, headDim]);
}

/** The inverse of {@linkcode splitHeads}. */
function joinHeads(value: tf.Tensor3D, batch: number, heads: number): tf.Tensor2D {
  const [, tokens, headDim] = value.shape;
  const split = value.reshape([batch, heads, tokens, headDim]);
  return tf.transpose(split, [0, 2, 1, 3]).reshape([batch * tokens, heads * headDim]);
}

function repeat(values: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: times * values.length }, (_, i) => values[i % values.length]);
}
