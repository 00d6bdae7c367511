import { linear, tensorData, tf } from "../tensor/mod.ts";
import type { LinearMap } from "../linear/mod.ts";
import { atSites, linearGroups, type SiteHook } from "../model/mod.ts";
import { dequantizeAbsmax, quantizeAbsmax } from "../quant/mod.ts";

/** How many bits a model is trained for. */
export interface TrainedBits {
  /** Of the weights of linear maps, each output row with a step of its own, 2..8. */
  weights: number;
  /** Of what linear maps read, of queries, keys and values, each token with a step of its own, 2..8. */
  activations: number;
}

/**
 * Rounds each row to whole multiples of its own step, as `quantizeAbsmax` does; backwards the gradient passes as if
 * nothing had been rounded (straight-through estimator, Bengio et al. 2013). The largest magnitude is the highest
 * code, so that nothing is clipped.
 *
 * @param x `[rows, columns]`
 * @param name What errors call it.
 * @throws {InputError} If it is not finite or the bits are not 2..8.
 */
export function straightThrough<T extends tf.Tensor>(x: T, bits: number, name: string): T {
  const columns = x.shape.at(-1)!;
  const round = tf.customGrad((value) => {
    const rounded = dequantizeAbsmax(
      quantizeAbsmax(tensorData(value as tf.Tensor), columns, bits, name),
    );
    return { value: tf.tensor(rounded, x.shape), gradFunc: (dy: tf.Tensor) => dy };
  });
  return round(x) as T;
}

/** A linear map whose weight is rounded each time that it is applied; its owner is that of the tensors. */
export function roundedMap(
  weight: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  bits: number,
  name: string,
): LinearMap {
  return {
    byteLength: 4 * (weight.size + (bias?.size ?? 0)),
    apply: (value, { activation } = {}) =>
      linear(value, straightThrough(weight, bits, name), bias, activation),
    [Symbol.dispose]() {},
  };
}

/** Rounds what linear maps read, and queries, keys and values. */
export function roundingHook(bits: number): SiteHook {
  const sites = [...linearGroups.map(({ reads }) => reads), "attn.q", "attn.k", "attn.v"] as const;
  return atSites(
    sites,
    (value, { site, layer }) => straightThrough(value, bits, `${site} of layer ${layer}`),
  );
}
