import { makeAll, require } from "../core/mod.ts";
import { denseMap } from "../linear/mod.ts";
import { kept, storedTensor, tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { runBlock } from "./block.ts";
import { type HeadOwner, logits } from "./head.ts";
import { type Block, blockOf } from "./open_block.ts";
import type { State } from "./state.ts";
import type { LayerWeights, LinearName } from "./weights.ts";

/** A block that knows the weights of its linear maps as tensors. Its owner frees it. */
export interface TracedBlock extends Block {
  /** `[out, in]` */
  readonly weights: ReadonlyMap<LinearName, tf.Tensor2D>;
}

/** Opens a block so that {@linkcode blockGradients} can be asked of it. */
export function traceBlock(stored: LayerWeights, layer: number): TracedBlock {
  const weights = new Map<LinearName, tf.Tensor2D>();
  const block = blockOf(stored, layer, ({ names }) => {
    const present = names.filter((name) => stored[name]);
    return makeAll(present, (name) => {
      const { weight, bias } = stored[name]!;
      const made = kept(() => ({ weight: storedTensor(weight), bias: bias && tf.tensor1d(bias) }));
      weights.set(name, made.weight);
      return denseMap(made.weight, made.bias);
    });
  });
  return Object.assign(block, { weights });
}

/** How a loss changes with what a block reads, and with some of its weights. */
export interface BlockGradients {
  hidden: tf.Tensor2D;
  weights: Map<LinearName, tf.Tensor2D>;
}

/**
 * Takes a gradient backwards through a block, which runs anew. Run it in `tidy`.
 *
 * @param state Before the block.
 * @param slope How the loss changes with the stream behind it, of the shape of `state.hidden`.
 * @param names The linear maps whose weights are asked about; of those that the block has.
 */
export function blockGradients(
  architecture: Architecture,
  block: TracedBlock,
  state: State,
  slope: tf.Tensor2D,
  names: readonly LinearName[],
): BlockGradients {
  const present = names.filter((name) => block.weights.has(name));
  const weights = present.map((name) => block.weights.get(name)!);
  const gradients = tf.grads(() => runBlock(architecture, block, state).state.hidden);
  const [hidden, ...slopes] = gradients([state.hidden, ...weights], slope) as tf.Tensor2D[];
  return { hidden, weights: new Map(present.map((name, index) => [name, slopes[index]])) };
}

/**
 * How the loss of a window, the mean cross-entropy of each next token, changes with the stream behind the last
 * block; some tokens at a time, so that not all next-token scores exist at once.
 *
 * @param hidden `[tokens, channels]`
 * @param window Its tokens; at least two.
 * @param together Tokens whose next-token scores exist at once; what memory allows unless given.
 * @returns Of the shape of `hidden`; 0 for the last token, which has no next one.
 * @throws {InputError} If the window is a single token.
 */
export function lossGradient(
  owner: HeadOwner,
  hidden: tf.Tensor2D,
  window: Int32Array,
  together: number = tokensTogether(owner.architecture),
): tf.Tensor2D {
  const count = window.length - 1;
  require(count > 0, "take gradients", "a window must have at least 2 tokens", window.length);
  const [, channels] = hidden.shape;
  return tidy(() => {
    const parts: tf.Tensor2D[] = [];
    for (let first = 0; first < count; first += together) {
      const rows = Math.min(together, count - first);
      const targets = window.subarray(first + 1, first + 1 + rows);
      parts.push(tidy(() => {
        const own = tf.slice(hidden, [first, 0], [rows, channels]);
        const loss = (each: tf.Tensor) =>
          tf.sum(tokenCrossEntropy(logits(owner, each as tf.Tensor2D), targets));
        return tf.div(tf.grad(loss)(own), count) as tf.Tensor2D;
      }));
    }
    return tf.concat([...parts, tf.zeros<tf.Rank.R2>([1, channels])]);
  });
}

/** Next-token scores that exist at once, beside their exponentials and their gradients. */
const scoresAtOnce = 2 ** 24;

function tokensTogether({ vocabularySize }: Architecture): number {
  return Math.max(1, Math.floor(scoresAtOnce / vocabularySize));
}
