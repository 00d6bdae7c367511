import { layerNorm, linear, type LinearActivation, rmsNorm, tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { Module } from "./weights.ts";

/** Besides its input, what {@linkcode project} is told. */
export interface ProjectOptions {
  /** What follows the map. */
  activation?: LinearActivation;
  /** The rows to compute in fewer bits: for maps that do. */
  lower?: Int32Array;
}

/** Applies a linear map and what follows it: `[rows, in]` to `[rows, out]`. */
export function project(
  { weight, bias, apply }: Module,
  value: tf.Tensor2D,
  { activation = "linear", lower }: ProjectOptions = {},
): tf.Tensor2D {
  if (!apply) return linear(value, weight as tf.Tensor2D, bias, activation);
  const output = apply(value, lower);
  return activation === "relu" ? tf.relu(output) : output;
}

/** Applies the linear maps of a group, which read the same value, in their order. */
export function projectGroup(
  modules: Module[],
  value: tf.Tensor2D,
  lower?: Int32Array,
): tf.Tensor2D[] {
  const [{ applyGroup }] = modules;
  return applyGroup
    ? applyGroup(value, lower)
    : modules.map((module) => project(module, value, { lower }));
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
