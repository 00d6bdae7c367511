import { chainHooks, forward, logits, type OpenModel } from "../model/mod.ts";
import { tf, tidy, tokenCrossEntropy } from "../tensor/mod.ts";
import type { Batch } from "./batches.ts";
import { guidanceLoss, type GuidanceWeights, OperandWatch } from "./guidance.ts";
import type { Trainable } from "./trainable.ts";

/** What a model is to be like while it is trained to be quantized. */
export interface Guide {
  /** The model in full precision. */
  teacher: OpenModel;
  weights: GuidanceWeights;
}

/**
 * The loss of a batch and how what is minimized changes with every parameter: the loss itself or, with a
 * guide, the loss and {@linkcode guidanceLoss}.
 *
 * @param windows How many windows the batch holds.
 * @returns `loss`, the mean cross-entropy in nats per token; `objective`, what is minimized; `gradients` in the order
 *   of its variables.
 */
export function lossAndGradients(
  model: Trainable,
  { inputs, targets }: Batch,
  windows: number,
  guide?: Guide,
): { loss: number; objective: number; gradients: Float32Array[] } {
  using teacher = new OperandWatch();
  using student = new OperandWatch();
  return tidy(() => {
    let loss: tf.Tensor | undefined;
    if (guide) tidy(() => void forward(guide.teacher, inputs, { hook: teacher.hook }, windows));
    const hooks = [...model.hook ? [model.hook] : [], ...guide ? [student.hook] : []];
    const hook = hooks.length > 0 ? chainHooks(...hooks) : undefined;
    const objective = () => {
      const { hidden } = forward(model, inputs, { hook }, windows);
      loss = tf.keep(tf.mean(tokenCrossEntropy(logits(model, hidden), targets)));
      if (!guide) return loss as tf.Scalar;
      const { architecture } = model;
      const [own, its] = [student.operands, teacher.operands];
      return tf.add(
        loss,
        guidanceLoss(own, its, architecture, windows, guide.weights),
      ) as tf.Scalar;
    };
    try {
      const { value, grads } = tf.valueAndGrads(objective)(model.variables);
      return {
        loss: loss!.dataSync()[0],
        objective: value.dataSync()[0],
        gradients: grads.map((gradient) => gradient.dataSync<"float32">()),
      };
    } finally {
      loss?.dispose();
    }
  });
}
