import { refuse } from "../core/mod.ts";
import { type HeadOperands, type tf, tidy } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { normalize } from "./norm.ts";
import type { Outer } from "./open_outer.ts";

/** What the head is read through: an open model, or just what surrounds its blocks. */
export interface HeadOwner {
  readonly architecture: Architecture;
  readonly outer: Outer;
}

/** Final norm and, where there is one, the projection to the head's width: what the head reads. */
export function headInput({ architecture, outer }: HeadOwner, hidden: tf.Tensor2D): tf.Tensor2D {
  return tidy(() => {
    const { finalNorm } = architecture;
    const normed = finalNorm ? normalize(architecture, outer.finalNorm, hidden) : hidden;
    return outer.projectOut ? outer.projectOut.apply(normed) : normed;
  });
}

/**
 * Next-token scores of hidden states of the last block.
 *
 * @param hidden `[rows, channels]`
 * @returns `[rows, vocabulary]`
 */
export function logits(owner: HeadOwner, hidden: tf.Tensor2D): tf.Tensor2D {
  return tidy(() => owner.outer.head.apply(headInput(owner, hidden)));
}

/**
 * What {@linkcode logits} are the product of, for those who do not need to keep them: `scoreTokens`.
 *
 * @param hidden `[rows, channels]`
 * @throws {InputError} If the head holds its weight in another form than float32.
 */
export function headOperands(owner: HeadOwner, hidden: tf.Tensor2D): HeadOperands {
  const { floats } = owner.outer.head;
  if (!floats) refuse("score tokens", "the head must hold its weight as float32");
  return { x: headInput(owner, hidden), ...floats };
}
