import { layerNorm, linear, rmsNorm, type tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { Module } from "./weights.ts";

/** Applies a linear map: `[rows, in]` to `[rows, out]`. */
export function project(
  { weight, bias, apply }: Module,
  value: tf.Tensor2D,
  importance?: Float32Array,
): tf.Tensor2D {
  return apply ? apply(value, importance) : linear(value, weight as tf.Tensor2D, bias);
}

/** Applies a norm of this architecture to each row of `[rows, channels]`. */
export function normalize(
  { norm, normEpsilon }: Architecture,
  { weight, bias }: Module,
  value: tf.Tensor2D,
): tf.Tensor2D {
  const gain = weight as tf.Tensor1D;
  return norm === "rms"
    ? rmsNorm(value, gain, normEpsilon)
    : layerNorm(value, gain, bias!, normEpsilon);
}
