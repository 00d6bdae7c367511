import type { AgileKernel } from "../agile.ts";
import { activationKernels } from "./activations.ts";
import { causalAttentionKernels } from "./causal_attention.ts";
import { causalSoftmaxKernels } from "./causal_softmax.ts";
import { causalSoftpickKernels } from "./causal_softpick.ts";
import { fakeQuantKernels } from "./fake_quant.ts";
import { log2Kernels } from "./log2.ts";
import { normalizationKernels } from "./normalization.ts";
import { rotaryKernels } from "./rotary.ts";
import { scoreTokensKernels } from "./score_tokens.ts";
import { storedTensorKernels } from "./stored_tensor.ts";
import { tokenCrossEntropyKernels } from "./token_cross_entropy.ts";

export { gelu, geluTanh, silu } from "./activations.ts";
export { attendCodes, attendsCodes } from "./attend_codes.ts";
export type { TokenCodes } from "./attend_codes.ts";
export { attendByMaps } from "./attention_maps.ts";
export type {
  AttentionNormalization,
  AttentionOptions,
  MapAttentionOptions,
  MatrixProduct,
} from "./attention_maps.ts";
export { causalAttention } from "./causal_attention.ts";
export type { CausalAttention } from "./causal_attention.ts";
export type { CausalAttentionOptions, OperandSteps } from "./attention_kernel.ts";
export { causalSoftmax } from "./causal_softmax.ts";
export type { CausalSoftmaxOptions } from "./causal_softmax.ts";
export { causalSoftpick } from "./causal_softpick.ts";
export { embed } from "./embed.ts";
export { fakeQuantUniform } from "./fake_quant.ts";
export { fixedLinear, holdFixed } from "./fixed_linear.ts";
export type { FixedCodes, FixedWeight } from "./fixed_linear.ts";
export { halfLinear, holdHalves } from "./half_linear.ts";
export type { HalfWeight } from "./half_linear.ts";
export { int4Linear } from "./int4_linear.ts";
export type { LaneTensors } from "./int4_linear.ts";
export { integerLinear, sameOrder } from "./integer_linear.ts";
export type { PackedMap } from "./integer_linear.ts";
export { linear } from "./linear.ts";
export type { LinearActivation } from "./linear.ts";
export { fakeQuantLog2 } from "./log2.ts";
export type { Log2Rounding } from "./log2.ts";
export { layerNorm, rmsNorm } from "./normalization.ts";
export { rotary, rotaryTable } from "./rotary.ts";
export type { RotaryTable } from "./rotary.ts";
export { scoreTokens } from "./score_tokens.ts";
export type { HeadOperands, TokenScores } from "./score_tokens.ts";
export { storedTensor } from "./stored_tensor.ts";
export { tokenCrossEntropy } from "./token_cross_entropy.ts";

/** The kernels that the fused operations add to backend `agile`. */
export const fusedKernels: AgileKernel[] = [
  ...activationKernels,
  ...causalAttentionKernels,
  ...causalSoftmaxKernels,
  ...causalSoftpickKernels,
  ...fakeQuantKernels,
  ...log2Kernels,
  ...normalizationKernels,
  ...rotaryKernels,
  ...scoreTokensKernels,
  ...storedTensorKernels,
  ...tokenCrossEntropyKernels,
];
