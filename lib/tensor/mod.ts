export * from "./backend.ts";
export * from "./data.ts";
export {
  attendByMaps,
  causalAttention,
  causalSoftmax,
  compareDistributions,
  embed,
  fakeQuantLog2,
  gelu,
  integerLinear,
  layerNorm,
  linear,
  multiplyIntegers,
  rmsNorm,
  rotary,
  rotaryTable,
  silu,
  tokenCrossEntropy,
} from "./ops/mod.ts";
export type {
  AttentionOptions,
  CausalAttention,
  CausalAttentionOptions,
  CausalSoftmaxOptions,
  Comparison,
  Log2Rounding,
  RotaryTable,
  RowCodes,
} from "./ops/mod.ts";
export { packWeight } from "./integer_weight.ts";
export type { ActivationGrid, IntegerWeight, WeightCodes } from "./integer_weight.ts";
export { tf } from "./tf.ts";
export { tidy } from "./tidy.ts";
