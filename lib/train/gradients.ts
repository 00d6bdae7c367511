import { forward, logits } from "../model/mod.ts";
import { tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";
import type { Batch } from "./batches.ts";
import type { Trainable } from "./trainable.ts";

/**
 * The loss of a batch and how it changes with every parameter.
 *
 * @param windows How many windows the batch holds.
 * @returns `loss`, the mean cross-entropy in nats per token; `gradients` in the order of its variables.
 */
export function lossAndGradients(
  model: Trainable,
  { inputs, targets }: Batch,
  windows: number,
): { loss: number; gradients: Float32Array[] } {
  const meanLoss = () => {
    const { hidden } = forward(model, inputs, {}, windows);
    return tf.mean(tokenCrossEntropy(logits(model, hidden), targets));
  };
  return tidy(() => {
    const { value, grads } = tf.valueAndGrads(meanLoss)(model.variables);
    return {
      loss: value.dataSync()[0],
      gradients: grads.map((gradient) => gradient.dataSync<"float32">()),
    };
  });
}
