export * from "./backend.ts";
export * from "./data.ts";
export { heldTensor, holdNumbers } from "./held_numbers.ts";
export type { HeldNumbers, NumberArray } from "./held_numbers.ts";
export {
  attendByMaps,
  attendCodes,
  attendsCodes,
  causalAttention,
  causalSoftmax,
  causalSoftpick,
  embed,
  fakeQuantLog2,
  fakeQuantUniform,
  fixedLinear,
  gelu,
  geluTanh,
  halfLinear,
  holdFixed,
  holdHalves,
  int4Linear,
  integerLinear,
  layerNorm,
  linear,
  rmsNorm,
  rotary,
  rotaryTable,
  sameOrder,
  scoreTokens,
  silu,
  storedTensor,
  tokenCrossEntropy,
} from "./ops/mod.ts";
export type {
  AttentionNormalization,
  AttentionOptions,
  CausalAttention,
  CausalAttentionOptions,
  CausalSoftmaxOptions,
  FixedCodes,
  FixedWeight,
  HalfWeight,
  HeadOperands,
  LaneTensors,
  LinearActivation,
  Log2Rounding,
  MapAttentionOptions,
  MatrixProduct,
  OperandSteps,
  PackedMap,
  RotaryTable,
  TokenCodes,
  TokenScores,
} from "./ops/mod.ts";
export { packWeight } from "./integer_weight.ts";
export type { IntegerWeight } from "./integer_weight.ts";
export { tf } from "./tf.ts";
export { kept, tidy } from "./tidy.ts";
export { simdTripErrors } from "./trip_errors.ts";
export { SimdWideAlgebra, wideAlgebra } from "./wide_algebra.ts";
