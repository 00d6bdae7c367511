import { type LinearActivation, tf } from "../tensor/mod.ts";

/** Rows of a value that may be treated apart from the others, ascending. */
export interface TokenRows {
  /** Those to compute in fewer bits, at sites and by maps that do, where the forward pass chooses such rows. */
  lower?: Int32Array;
  /** Those that are the first tokens of windows. */
  first?: Int32Array;
}

/** What a linear map may be told besides its input. */
export interface MapOptions extends TokenRows {
  /** What follows the map. */
  activation?: LinearActivation;
}

/** A linear map that is ready to compute: it owns its memory, which its owner frees. */
export interface LinearMap extends Disposable {
  /** What it holds in memory, bias included. */
  readonly byteLength: number;
  /** What it multiplies by and adds, `[out, in]` and `[out]`, where that is float32; its own. */
  readonly floats?: { weight: tf.Tensor2D; bias?: tf.Tensor1D };
  /** `[rows, in]` to `[rows, out]`. */
  apply(value: tf.Tensor2D, options?: MapOptions): tf.Tensor2D;
  /**
   * Applies this and other maps to the same value where that costs less than one after the other, as
   * where the value is quantized once for all; undefined where these maps do not go together.
   */
  applyWith?(
    others: readonly LinearMap[],
    value: tf.Tensor2D,
    options?: MapOptions,
  ): tf.Tensor2D[] | undefined;
}

/** Applies maps that read the same value, in their order. */
export function applyMaps(
  [first, ...others]: readonly LinearMap[],
  value: tf.Tensor2D,
  options?: MapOptions,
): tf.Tensor2D[] {
  return first.applyWith?.(others, value, options) ??
    [first, ...others].map((map) => map.apply(value, options));
}

/** What follows a map that does not join it to its products. */
export function follow(output: tf.Tensor2D, { activation = "linear" }: MapOptions = {}) {
  return activation === "relu" ? tf.relu(output) : output;
}
