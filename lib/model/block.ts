import { require } from "../core/mod.ts";
import { type Log2Rounding, type OperandSteps, tf, tidy } from "../tensor/mod.ts";
import { lowPrecisionTokens, randomImportance } from "../tokens/mod.ts";
import type { Architecture } from "./architecture.ts";
import { attendCached } from "./attend_cached.ts";
import { attend, type Attended, type Recall } from "./attention.ts";
import type { CachePrecision } from "./layer_cache.ts";
import { runMlp } from "./mlp.ts";
import { type Norm, normalize } from "./norm.ts";
import type { Block } from "./open_block.ts";
import { pruneTokens } from "./prune.ts";
import { hookOfBlock, isCalledAt, type SiteHook } from "./sites.ts";
import type { Exit, LowerTokens, Pruning, State } from "./state.ts";

/** What a caller may hang onto a forward pass. */
export interface ForwardOptions {
  /** Sees and may replace the value at its sites. */
  hook?: SiteHook;
  /** Rounds attention probabilities to powers of two; the hook meets them rounded. */
  probabilities?: Log2Rounding;
  /**
   * Per layer, what queries, keys and values are whole multiples of once the hook has quantized them:
   * attention then multiplies codes where that is faster.
   */
  steps?: readonly (OperandSteps | undefined)[];
  pruning?: Pruning;
  /**
   * Chooses in every layer the rows that hooks and linear maps are to compute in fewer bits; next to a
   * cache, where tokens are not scored, none are chosen.
   */
  lower?: LowerTokens;
  /**
   * Keys and values of a window go through a cache of this precision, as where token follows token. Tokens have
   * no scores then.
   */
  cache?: CachePrecision;
  /** Stops a pass between two blocks by throwing its reason. */
  signal?: AbortSignal;
}

/** What one block of a forward pass may be given besides. */
export interface BlockOptions extends ForwardOptions {
  /** Joins the window's tokens to those before them; pruning does not go with it. */
  recall?: Recall;
  /** Which window it is, for hooks; 0 unless told. */
  window?: number;
}

/**
 * Runs one block; where tokens are pruned, also says which left after its attention. Run it in
 * `tidy`.
 *
 * @throws {InputError} If tokens of a batch of several windows are to be pruned or scored, or the ratio
 *   is not in [0, 1).
 */
export function runBlock(
  architecture: Architecture,
  block: Block,
  state: State,
  options: BlockOptions = {},
): { state: State; exit?: Exit } {
  const { state: left, exit } = runAttentionPart(architecture, block, state, options);
  return { state: runMlpPart(architecture, block, left, options), exit };
}

/** The first part of {@linkcode runBlock}: its attention, and the pruning behind it. */
export function runAttentionPart(
  architecture: Architecture,
  block: Block,
  state: State,
  { hook, probabilities, steps, pruning, lower, cache, recall, window = 0 }: BlockOptions = {},
): { state: State; exit?: Exit } {
  const { layer } = block;
  const at = hookOfBlock(architecture, { layer, window }, hook);
  const ratio = pruning?.ratios.get(layer) ?? 0;
  require(ratio === 0 || state.batch === 1, "prune tokens", "batch must be 1", state.batch);
  const scored = ratio !== 0 ? pruning!.importance : lower && !recall ? "startToken" : undefined;
  require(!scored || state.batch === 1, "score tokens", "batch must be 1", state.batch);
  const isCached = cache !== undefined && !recall;
  require(!(scored && isCached), "score tokens", "keys and values must not be in a cache");
  require(!isCached || state.batch === 1, "fill a cache", "batch must be 1", state.batch);

  const first = firstTokens(state);
  let attended!: Attended;
  const mixed = residual(architecture, block.inputNorm, state.hidden, (input) => {
    const options = {
      batch: state.batch,
      positionIds: positionIds(state, pruning),
      at,
      maps: isCalledAt("attn.probs", hook),
      probabilities,
      steps: steps?.[layer],
      name: `attn.probs of layer ${layer}`,
      recall,
      first,
      importance: typeof scored === "object"
        ? randomImportance(state.positions.length, { ...scored, layer, window })
        : scored,
      lowerTokens: lower &&
        ((scores: Float32Array) => chooseLower(scores, lower, state, ratio, layer)),
    };
    const read = at("attn.input", input, { first });
    attended = isCached
      ? attendCached(architecture, block, read, options, cache)
      : attend(architecture, block, read, options);
    return attended.output;
  });
  const whole = { ...state, hidden: mixed, lower: attended.lower };
  return ratio !== 0 ? pruneTokens(whole, attended.importance!, ratio, layer) : { state: whole };
}

/** The second part of {@linkcode runBlock}: what its MLP makes of the state that the first one left. */
export function runMlpPart(
  architecture: Architecture,
  block: Block,
  state: State,
  { hook, window = 0 }: BlockOptions = {},
): State {
  const at = hookOfBlock(architecture, { layer: block.layer, window }, hook);
  const rows = { ...state.lower && { lower: state.lower }, first: firstTokens(state) };
  const hidden = residual(
    architecture,
    block.mlpNorm,
    state.hidden,
    (input) => runMlp(architecture, block, input, at, rows),
  );
  return { ...state, hidden };
}

/** The rows of tokens that have none before them. */
function firstTokens({ positions, batch }: State): Int32Array {
  const isThere = positions[0] === 0;
  return Int32Array.from({ length: isThere ? batch : 0 }, (_, index) => index * positions.length);
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

/**
 * What attention or the MLP makes of the stream, its norm where the architecture places it. Frees everything
 * else.
 */
function residual(
  architecture: Architecture,
  norm: Norm | undefined,
  value: tf.Tensor2D,
  change: (input: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const normed = (each: tf.Tensor2D) => normalize(architecture, norm, each);
  return tidy(() => {
    if (architecture.normPlacement === "after") return normed(tf.add(value, change(value)));
    const input = normed(value);
    const start = architecture.normPlacement === "before" ? value : input;
    return tf.add(start, change(input));
  });
}

function positionIds({ positions }: State, pruning?: Pruning): Int32Array {
  return pruning?.positions === "renumber" ? positions.map((_, index) => index) : positions;
}
