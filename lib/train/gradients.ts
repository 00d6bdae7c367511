import { forward, logits, type Model, parameters } from "../model/mod.ts";
import { tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";
import type { Batch } from "./batches.ts";

/**
 * The loss of a batch and how it changes with every parameter.
 *
 * @param windows How many windows the batch holds.
 * @returns `loss`, the mean cross-entropy in nats per token; `gradients` in the order of
 *   `parameters(model.weights)`.
 */
export function lossAndGradients(
  model: Model,
  { inputs, targets }: Batch,
  windows: number,
): { loss: number; gradients: Float32Array[] } {
  const meanLoss = () => {
    const { hidden } = forward(model, inputs, {}, windows);
    return tf.mean(tokenCrossEntropy(logits(model, hidden), targets));
  };
  return tidy(() => {
    const { value, grads } = tf.valueAndGrads(meanLoss)(parameters(model.weights));
    return {
      loss: value.dataSync()[0],
      gradients: grads.map((gradient) => gradient.dataSync<"float32">()),
    };
  });
}
