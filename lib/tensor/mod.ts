export * from "./backend.ts";
export * from "./data.ts";
export {
  attendByMaps,
  causalAttention,
  causalSoftmax,
  compareDistributions,
  embed,
  fakeQuantLog2,
  fakeQuantUniform,
  gelu,
  int4Linear,
  integerLinear,
  layerNorm,
  linear,
  rmsNorm,
  rotary,
  rotaryTable,
  sameOrder,
  silu,
  tokenCrossEntropy,
} from "./ops/mod.ts";
export type {
  ActivationCodes,
  AttentionOptions,
  CausalAttention,
  CausalAttentionOptions,
  CausalSoftmaxOptions,
  Comparison,
  Int4Map,
  Int4Weight,
  IntegerMap,
  LinearActivation,
  Log2Rounding,
  RotaryTable,
  UniformSteps,
} from "./ops/mod.ts";
export { packWeight } from "./integer_weight.ts";
export type { ActivationGrid, IntegerWeight, WeightCodes } from "./integer_weight.ts";
export { tf } from "./tf.ts";
export { tidy } from "./tidy.ts";
