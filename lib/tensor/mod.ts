export * from "./backend.ts";
export * from "./data.ts";
export {
  causalSoftmax,
  embed,
  gelu,
  layerNorm,
  linear,
  multiplyIntegers,
  rmsNorm,
  rotary,
  rotaryTable,
  silu,
  tokenCrossEntropy,
} from "./ops/mod.ts";
export type { CausalSoftmaxOptions, RotaryTable } from "./ops/mod.ts";
export { tf } from "./tf.ts";
export { tidy } from "./tidy.ts";
