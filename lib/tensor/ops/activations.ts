import type { AgileKernel } from "../agile.ts";
import { binaryKernel, unaryKernel } from "../kernels/elementwise.ts";
import { tf } from "../tf.ts";
import { fused, runKernel } from "./fused.ts";

/** x sigmoid(x), the activation of LLaMA. */
export function silu<T extends tf.Tensor>(x: T): T {
  return fused("Silu", { x }, {}, () => tf.mul(x, tf.sigmoid(x)));
}

/** GELU (Hendrycks and Gimpel 2016): x times the share of the normal distribution below x. */
export function gelu<T extends tf.Tensor>(x: T): T {
  return fused("Gelu", { x }, {}, () => {
    const share = tf.add(1, tf.erf(tf.mul(Math.SQRT1_2, x)));
    return tf.mul(tf.mul(0.5, x), share);
  });
}

/** The tanh form of GELU as BLOOM computes it: x (1 + tanh(0.79788456 (x + 0.044715 x³))) / 2. */
export function geluTanh<T extends tf.Tensor>(x: T): T {
  return fused("GeluTanh", { x }, {}, () => {
    const inner = tf.mul(0.79788456, tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
    return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
  });
}

/** A gradient that one kernel of x and dy computes. */
function gradientKernel(name: string): AgileKernel["gradient"] {
  return {
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => runKernel(name, { a: x, b: dy as tf.Tensor }) }),
  };
}

/** The kernels behind these functions. */
export const activationKernels: AgileKernel[] = [
  { ...unaryKernel("Silu", "silu"), gradient: gradientKernel("SiluGradient") },
  binaryKernel("SiluGradient", "siluGradient"),
  { ...unaryKernel("Gelu", "gelu"), gradient: gradientKernel("GeluGradient") },
  binaryKernel("GeluGradient", "geluGradient"),
  { ...unaryKernel("GeluTanh", "geluTanh"), gradient: gradientKernel("GeluTanhGradient") },
  binaryKernel("GeluTanhGradient", "geluTanhGradient"),
];
