import { require } from "../core/mod.ts";
import { gelu, type Log2Rounding, silu, tf } from "../tensor/mod.ts";
import { lowPrecisionTokens } from "../tokens/mod.ts";
import type { Architecture } from "./architecture.ts";
import { attend, type Attended, type Recall } from "./attention.ts";
import type { Model } from "./model.ts";
import { normalize, project, projectGroup } from "./modules.ts";
import { pruneTokens } from "./prune.ts";
import { type BlockHook, hookOfLayer, isCalledAt, type SiteHook } from "./sites.ts";
import type { Exit, LowerTokens, Pruning, State } from "./state.ts";
import type { LayerWeights } from "./weights.ts";

/** What a caller may hang onto a forward pass. */
export interface ForwardOptions {
  /** Sees and may replace the value at its sites. */
  hook?: SiteHook;
  /** Rounds attention probabilities to powers of two; the hook meets them rounded. */
  probabilities?: Log2Rounding;
  pruning?: Pruning;
  /**
   * Chooses in every layer the rows that hooks and linear maps are to compute in fewer bits; next to a
   * cache, where tokens are not scored, none are chosen.
   */
  lower?: LowerTokens;
  /** Stops a pass between two blocks by throwing its reason. */
  signal?: AbortSignal;
}

/** What one block of a forward pass may be given besides. */
export interface LayerOptions extends ForwardOptions {
  /** Joins the window's tokens to those before them; pruning does not go with it. */
  recall?: Recall;
}

/**
 * Runs one block; where tokens are pruned, also says which left after its attention. Run it in
 * `tidy`.
 *
 * @throws {InputError} If tokens of a batch of several windows are to be pruned or scored, or the ratio
 *   is not in [0, 1).
 */
export function runLayer(
  model: Model,
  layer: number,
  state: State,
  { hook, probabilities, pruning, lower, recall }: LayerOptions = {},
): { state: State; exit?: Exit } {
  const { architecture } = model;
  const weights = model.weights.layers[layer];
  const at = hookOfLayer(layer, hook);
  const ratio = pruning?.ratios.get(layer) ?? 0;
  require(ratio === 0 || state.batch === 1, "prune tokens", "batch must be 1", state.batch);
  const scored = ratio !== 0 ? pruning!.importance : lower && !recall ? "startToken" : undefined;
  require(!scored || state.batch === 1, "score tokens", "batch must be 1", state.batch);

  let attended!: Attended;
  const mixed = residual(architecture, weights.inputNorm!, state.hidden, (input) => {
    attended = attend(architecture, weights, at("attn.input", input), {
      batch: state.batch,
      positionIds: positionIds(state, pruning),
      at,
      maps: isCalledAt("attn.probs", hook),
      probabilities,
      name: `attn.probs of layer ${layer}`,
      recall,
      importance: scored,
      lowerTokens: lower && ((scores) => chooseLower(scores, lower, state, ratio, layer)),
    });
    return attended.output;
  });
  const whole = { ...state, hidden: mixed, lower: attended.lower };
  const { state: left, exit } = ratio !== 0
    ? pruneTokens(whole, attended.importance!, ratio, layer)
    : { state: whole };
  const hidden = residual(
    architecture,
    weights.mlpNorm!,
    left.hidden,
    (input) => transform(architecture, weights, input, at, left.lower),
  );
  return { state: { ...left, hidden }, exit };
}

/** The tokens that a layer computes in fewer bits, of those that pruning leaves it. */
function chooseLower(
  scores: Float32Array,
  { share, inherited }: LowerTokens,
  { lower: before }: State,
  prune: number,
  layer: number,
): Int32Array {
  const own = typeof share === "number" ? share : share[layer];
  require(own !== undefined, "select tokens", `layer ${layer} must have a share`, share);
  return lowPrecisionTokens(scores, { prune, lower: own }, inherited ? before : undefined);
}

/** `value + change(norm(value))`, or `norm(value + change(value))` in opt-350m. */
function residual(
  architecture: Architecture,
  norm: LayerWeights["inputNorm"],
  value: tf.Tensor2D,
  change: (input: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const normed = (each: tf.Tensor2D) => normalize(architecture, norm!, each);
  return architecture.normPlacement === "before"
    ? tf.add(value, change(normed(value)))
    : normed(tf.add(value, change(value)));
}

function positionIds({ positions }: State, pruning?: Pruning): Int32Array {
  return pruning?.positions === "renumber" ? positions.map((_, index) => index) : positions;
}

const activations = { silu, gelu, relu: (value: tf.Tensor2D) => tf.relu(value) };

/** The MLP, `[rows, channels]` to `[rows, channels]`. */
function transform(
  { activation, gated }: Architecture,
  { gate, up, down }: LayerWeights,
  value: tf.Tensor2D,
  at: BlockHook,
  lower?: Int32Array,
): tf.Tensor2D {
  const details = lower && { lower };
  const input = at("mlp.input", value, details);
  const follow = activations[activation];
  let expanded: tf.Tensor2D;
  if (gated) {
    const [first, factor] = projectGroup([gate!, up!], input, lower);
    expanded = tf.mul(follow(first), factor);
  } else if (activation === "relu") { // in one pass with the bias
    expanded = project(up!, input, { activation, lower });
  } else {
    expanded = follow(project(up!, input, { lower }));
  }
  return project(down!, at("mlp.hidden", expanded, details), { lower });
}
