import { require } from "../../core/mod.ts";
import { agileName } from "../agile.ts";
import { tf } from "../tf.ts";

/** What may follow a linear layer in the pass that adds its bias. */
export type LinearActivation = "linear" | "relu";

/**
 * activation(x Wᵀ + bias), the linear layer with the weight layout of Hugging Face checkpoints.
 *
 * @param x [rows, in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [rows, out]
 * @throws {InputError} If the shapes do not fit.
 */
export function linear(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias?: tf.Tensor1D,
  activation: LinearActivation = "linear",
): tf.Tensor2D {
  const action = "apply a linear layer";
  require(
    x.rank === 2 && weight.rank === 2 && x.shape[1] === weight.shape[1],
    action,
    "x and weight must be [rows, in] and [out, in]",
    [x.shape, weight.shape],
  );
  requireBias(bias, weight.shape[0], action);
  if (tf.getBackend() === agileName) {
    return tf.fused.matMul({ a: x, b: weight, transposeB: true, bias, activation }) as tf.Tensor2D;
  }
  // Not in one step: TensorFlow.js 4.22's wasm adds the bias of a transposed weight wrongly.
  return tf.tidy(() => {
    const product = tf.matMul(x, weight, false, true);
    const biased = bias ? tf.add(product, bias) : product;
    return (activation === "relu" ? tf.relu(biased) : biased) as tf.Tensor2D;
  });
}

/**
 * Refuses a bias that has not one value for each output.
 *
 * @throws {InputError}
 */
export function requireBias(bias: tf.Tensor1D | undefined, outputs: number, action: string): void {
  const fits = !bias || bias.rank === 1 && bias.shape[0] === outputs;
  require(fits, action, `bias must be [${outputs}]`, bias?.shape);
}
