import { require } from "../core/mod.ts";
import { embed, gelu, layerNorm, linear, rmsNorm, silu, tf, tidy } from "../tensor/mod.ts";
import { survivors } from "../tokens/mod.ts";
import type { Architecture } from "./architecture.ts";
import { attend } from "./attention.ts";
import type { Model } from "./model.ts";
import type { SiteHook, Visit } from "./sites.ts";
import type { Exit, Pruning, State } from "./state.ts";
import type { LayerWeights, Module } from "./weights.ts";

/** What a caller may hang onto a forward pass. */
export interface ForwardOptions {
  /** Sees and may replace the value at every site. */
  hook?: SiteHook;
  pruning?: Pruning;
}

/** A finished forward pass. */
export interface Forwarded extends State {
  /** The tokens that pruning removed, in order of the layers. */
  exits: Exit[];
}

const passThrough: SiteHook = (value) => value;

/**
 * Runs tokens through all blocks. Frees everything but what it returns.
 *
 * @param ids `batch` windows of equal length, one after the other.
 * @returns The stream before the final norm; {@linkcode logits} reads it.
 * @throws {InputError} If an id is outside the vocabulary or the window is too long.
 */
export function forward(
  model: Model,
  ids: Int32Array,
  options: ForwardOptions = {},
  batch = 1,
): Forwarded {
  return tidy(() => {
    let state = embedTokens(model, ids, batch);
    const exits: Exit[] = [];
    for (let layer = 0; layer < model.architecture.layers; layer++) {
      const next = tidy(() => runLayer(model, layer, state, options));
      state.hidden.dispose();
      state = next.state;
      if (next.exit) exits.push(next.exit);
    }
    return { ...state, exits };
  });
}

/** Embeds tokens: the state before the first block. */
export function embedTokens(model: Model, ids: Int32Array, batch = 1): State {
  const { architecture, weights: { outer } } = model;
  const tokens = ids.length / batch;
  checkIds(architecture, ids, tokens);
  const positions = Int32Array.from({ length: tokens }, (_, position) => position);
  let hidden = embed(outer.embedding!.weight as tf.Tensor2D, ids);
  if (outer.projectIn) hidden = linear(hidden, outer.projectIn.weight as tf.Tensor2D);
  if (architecture.positions.kind === "learned") {
    const { offset } = architecture.positions;
    const rows = ids.map((_, index) => (index % tokens) + offset);
    hidden = tf.add(hidden, embed(outer.positionEmbedding!.weight as tf.Tensor2D, rows));
  }
  if (outer.embeddingNorm) hidden = norm(architecture, outer.embeddingNorm, hidden);
  return { hidden, positions, batch };
}

/** Runs one block; with pruning, also says which tokens left after its attention. */
export function runLayer(
  model: Model,
  layer: number,
  state: State,
  { hook = passThrough, pruning }: ForwardOptions = {},
): { state: State; exit?: Exit } {
  const { architecture } = model;
  const weights = model.weights.layers[layer];
  const before = architecture.normPlacement === "before";
  const normed = (module: Module, value: tf.Tensor2D) => norm(architecture, module, value);
  const at = (site: Visit["site"], value: tf.Tensor) => hook(value, { site, layer }) as tf.Tensor2D;

  const ratio = pruning?.ratios.get(layer) ?? 0;
  const positionIds = pruning?.positions === "renumber"
    ? state.positions.map((_, index) => index)
    : state.positions;
  const input = at("attn.input", before ? normed(weights.inputNorm!, state.hidden) : state.hidden);
  const attended = attend(
    architecture,
    weights,
    input,
    state,
    positionIds,
    layer,
    hook,
    ratio > 0 ? pruning!.importance : undefined,
  );
  let hidden = tf.add(state.hidden, attended.output) as tf.Tensor2D;
  if (!before) hidden = normed(weights.inputNorm!, hidden);

  let { positions } = state;
  let exit: Exit | undefined;
  if (attended.importance) {
    require(state.batch === 1, "prune tokens", "batch must be 1", state.batch);
    const kept = survivors(attended.importance, ratio);
    const gone = complement(kept, positions.length);
    exit = {
      layer,
      hidden: tf.gather(hidden, tf.tensor1d(gone, "int32")),
      positions: gone.map((index) => state.positions[index]),
    };
    hidden = tf.gather(hidden, tf.tensor1d(kept, "int32"));
    positions = kept.map((index) => state.positions[index]);
  }

  const mlpInput = at("mlp.input", before ? normed(weights.mlpNorm!, hidden) : hidden);
  const expanded = at("mlp.hidden", expand(architecture, weights, mlpInput));
  const down = linear(expanded, weights.down!.weight as tf.Tensor2D, weights.down!.bias);
  hidden = tf.add(hidden, down) as tf.Tensor2D;
  if (!before) hidden = normed(weights.mlpNorm!, hidden);
  return { state: { hidden, positions, batch: state.batch }, exit };
}

/** Final norm and, where there is one, the projection to the head's width: what the head reads. */
export function headInput(model: Model, hidden: tf.Tensor2D): tf.Tensor2D {
  const { architecture, weights: { outer } } = model;
  const normed = outer.finalNorm ? norm(architecture, outer.finalNorm, hidden) : hidden;
  return outer.projectOut ? linear(normed, outer.projectOut.weight as tf.Tensor2D) : normed;
}

/**
 * Next-token scores of hidden states of the last block.
 *
 * @param hidden `[rows, channels]`
 * @returns `[rows, vocabulary]`
 */
export function logits(model: Model, hidden: tf.Tensor2D): tf.Tensor2D {
  const { outer } = model.weights;
  return tidy(() =>
    linear(headInput(model, hidden), (outer.head ?? outer.embedding)!.weight as tf.Tensor2D)
  );
}

function norm(architecture: Architecture, module: Module, value: tf.Tensor2D): tf.Tensor2D {
  const gain = module.weight as tf.Tensor1D;
  return architecture.norm === "rms"
    ? rmsNorm(value, gain, architecture.normEpsilon)
    : layerNorm(value, gain, module.bias!, architecture.normEpsilon);
}

const activations = { silu, gelu, relu: (value: tf.Tensor2D) => tf.relu(value) };

/** The MLP up to what its down projection reads. */
function expand(architecture: Architecture, weights: LayerWeights, input: tf.Tensor2D) {
  const activation = activations[architecture.activation];
  const up = linear(input, weights.up!.weight as tf.Tensor2D, weights.up!.bias);
  if (!architecture.gated) return activation(up);
  const gate = linear(input, weights.gate!.weight as tf.Tensor2D, weights.gate!.bias);
  return tf.mul(activation(gate), up) as tf.Tensor2D;
}

function complement(kept: Int32Array, count: number): Int32Array {
  const set = new Set(kept);
  return Int32Array.from({ length: count }, (_, index) => index).filter((index) => !set.has(index));
}

function checkIds(architecture: Architecture, ids: Int32Array, tokens: number): void {
  require(
    tokens >= 1 && Number.isInteger(tokens) && tokens <= architecture.maxPositions,
    "run the model",
    `a window must have 1..${architecture.maxPositions} tokens`,
    tokens,
  );
  const stray = ids.findIndex((id) => !(id >= 0 && id < architecture.vocabularySize));
  require(
    stray < 0,
    "run the model",
    `token ids must be 0..${architecture.vocabularySize - 1}`,
    ids[stray],
  );
}
