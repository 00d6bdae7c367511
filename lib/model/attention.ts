import { causalSoftmax, linear, rotary, rotaryTable, tensorData, tf } from "../tensor/mod.ts";
import { alibiSlopes } from "./alibi.ts";
import type { Architecture } from "./architecture.ts";
import type { SiteHook, Visit } from "./sites.ts";
import type { Pruning, State } from "./state.ts";
import type { LayerWeights } from "./weights.ts";

/** Attention maps held at a time, in elements: 64 MiB of float32. */
const mapBudget = 2 ** 24;

/** What attention gives back. */
export interface Attended {
  /** Output projection, `[batch * tokens, channels]`. */
  output: tf.Tensor2D;
  /** Importance of each token, `[tokens]`; only where it was asked for. */
  importance?: Float32Array;
}

/**
 * Causal self-attention of one block on the normed stream `input` `[batch * tokens, channels]`.
 * Runs a few heads at a time, so that the maps in memory stay below a fixed size.
 *
 * @param positionIds What the position encoding takes each token's place to be, `[tokens]`.
 * @param importance Scores tokens from the attention maps (batch 1).
 */
export function attend(
  architecture: Architecture,
  weights: LayerWeights,
  input: tf.Tensor2D,
  state: State,
  positionIds: Int32Array,
  layer: number,
  hook: SiteHook,
  importance?: Pruning["importance"],
): Attended {
  const { heads, keyValueHeads, headDim, positions } = architecture;
  const { batch } = state;
  const tokens = state.positions.length;
  const at = (site: Visit["site"], value: tf.Tensor) => hook(value, { site, layer }) as tf.Tensor2D;

  let query = project(input, weights.query!);
  let key = project(input, weights.key!);
  if (positions.kind === "rotary") {
    const table = rotaryTable(repeat(positionIds, batch), headDim, positions.theta);
    query = rotary(at("attn.qBeforeRotary", query), table, headDim);
    key = rotary(at("attn.kBeforeRotary", key), table, headDim);
  }
  const q = splitHeads(at("attn.q", query), batch, tokens, heads);
  const k = splitHeads(at("attn.k", key), batch, tokens, keyValueHeads);
  const v = splitHeads(
    at("attn.v", project(input, weights.value!)),
    batch,
    tokens,
    keyValueHeads,
  );

  const slopes = positions.kind === "alibi" ? alibiSlopes(heads) : undefined;
  const maps = batch * heads;
  const step = Math.max(1, Math.min(maps, Math.floor(mapBudget / (tokens * tokens))));
  const outputs: tf.Tensor3D[] = [];
  let scores: Float32Array | undefined;
  for (let first = 0; first < maps; first += step) {
    const count = Math.min(step, maps - first);
    const probabilities = hook(
      causalSoftmax(
        tf.matMul(
          takeMaps(q, first, count, 1),
          takeMaps(k, first, count, heads / keyValueHeads),
          false,
          true,
        ),
        {
          scale: 1 / Math.sqrt(headDim),
          slopes: slopes && Array.from({ length: count }, (_, i) => slopes[(first + i) % heads]),
          keyPositions: slopes && positionIds,
        },
      ),
      { site: "attn.probs", layer, firstHead: first },
    ) as tf.Tensor3D;
    if (importance) {
      const part = importance(tensorData(probabilities), { heads: count, tokens });
      scores = scores ? scores.map((score, token) => score + part[token]) : part;
    }
    outputs.push(tf.matMul(probabilities, takeMaps(v, first, count, heads / keyValueHeads)));
  }
  const joined = joinHeads(outputs.length === 1 ? outputs[0] : tf.concat(outputs), batch, heads);
  return { output: project(at("attn.output", joined), weights.output!), importance: scores };
}

function project(input: tf.Tensor2D, module: LayerWeights[keyof LayerWeights]): tf.Tensor2D {
  return linear(input, module!.weight as tf.Tensor2D, module!.bias);
}

/** `[batch * tokens, heads * headDim]` to `[batch * heads, tokens, headDim]`. */
function splitHeads(
  value: tf.Tensor2D,
  batch: number,
  tokens: number,
  heads: number,
): tf.Tensor3D {
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

/**
 * The matrices that belong to attention maps first..first+count-1, where `group` query heads
 * share one key/value head.
 */
function takeMaps(value: tf.Tensor3D, first: number, count: number, group: number): tf.Tensor3D {
  if (group === 1) {
    return count === value.shape[0]
      ? value
      : tf.slice(value, [first, 0, 0], [count, value.shape[1], value.shape[2]]);
  }
  const owners = Int32Array.from({ length: count }, (_, i) => Math.floor((first + i) / group));
  return tf.gather(value, tf.tensor1d(owners, "int32"));
}

function repeat(values: Int32Array, times: number): Int32Array {
  const out = new Int32Array(values.length * times);
  for (let i = 0; i < times; i++) out.set(values, i * values.length);
  return out;
}
