import { hadamardFactors, type OrthogonalMatrix } from "../quant/mod.ts";
import { tf, tidy } from "../tensor/mod.ts";
import type { Architecture, RotatedSite } from "./architecture.ts";

/** The channels of a site as `[..., size, inner]`, which are rotated along `size`. */
const axes: Record<RotatedSite, (architecture: Architecture) => [size: number, inner: number]> = {
  "attn.q": ({ headDim }) => [headDim, 1],
  "attn.k": ({ headDim }) => [headDim, 1],
  "attn.output": ({ heads, headDim }) => [heads, headDim],
  "mlp.hidden": ({ intermediateSize }) => [intermediateSize, 1],
};

/**
 * The value at a site of a block, rotated where the architecture has that: multiplied by a Hadamard matrix over
 * the root of its order.
 */
export function rotateAtSite<T extends tf.Tensor>(
  architecture: Architecture,
  site: string,
  value: T,
): T {
  const found = architecture.rotatedSites?.find((each) => each === site);
  return found ? rotateAxis(value, ...axes[found](architecture)) : value;
}

/** Rotates `[..., size, inner]` along its middle axis. */
function rotateAxis<T extends tf.Tensor>(value: T, size: number, inner: number): T {
  const { left, right } = hadamardFactors(size);
  return tidy(() => {
    const whole = multiplyAxis(value, right, inner);
    return tf.reshape(multiplyAxis(whole, left, right.order * inner), value.shape) as T;
  });
}

/** Multiplies `[..., order, inner]` along its middle axis. */
function multiplyAxis(value: tf.Tensor, { order, entries }: OrthogonalMatrix, inner: number) {
  if (order === 1) return value;
  const matrix = tf.tensor2d(entries, [order, order]);
  if (inner === 1) return tf.matMul(tf.reshape(value, [-1, order]), matrix);
  const last = tf.transpose(tf.reshape(value, [-1, order, inner]), [0, 2, 1]);
  const product = tf.matMul(tf.reshape(last, [-1, order]), matrix);
  return tf.transpose(tf.reshape(product, [-1, inner, order]), [0, 2, 1]);
}
