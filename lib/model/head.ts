import { type tf, tidy } from "../tensor/mod.ts";
import type { Model } from "./model.ts";
import { normalize, project } from "./modules.ts";

/** Final norm and, where there is one, the projection to the head's width: what the head reads. */
export function headInput(model: Model, hidden: tf.Tensor2D): tf.Tensor2D {
  const { architecture, weights: { outer } } = model;
  return tidy(() => {
    const normed = outer.finalNorm ? normalize(architecture, outer.finalNorm, hidden) : hidden;
    return outer.projectOut ? project(outer.projectOut, normed) : normed;
  });
}

/**
 * Next-token scores of hidden states of the last block.
 *
 * @param hidden `[rows, channels]`
 * @returns `[rows, vocabulary]`
 */
export function logits(model: Model, hidden: tf.Tensor2D): tf.Tensor2D {
  const { head, embedding } = model.weights.outer;
  return tidy(() => project((head ?? embedding)!, headInput(model, hidden)));
}
