import { AgileBackend } from "../agile.ts";
import { tf } from "../tf.ts";

/**
 * Runs a kernel of backend `agile`, or the same computation composed of TensorFlow.js operations
 * where another backend computes.
 */
export function fused<T extends tf.Tensor | tf.Tensor[]>(
  kernel: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, unknown>,
  composition: () => T,
): T {
  if (!(tf.backend() instanceof AgileBackend)) return tf.tidy(composition);
  return tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as T;
}

/** Runs a kernel of backend `agile` by name. */
export function runKernel(
  kernel: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, unknown> = {},
): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;
}
