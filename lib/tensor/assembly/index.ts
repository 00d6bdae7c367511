// Kernels: functions of counts, factors and addresses. Threads run them side by side, each with an
// instance of its own, in one memory. Therefore a kernel
//  - stores nothing outside of what its call is for: storeFirst() ends a row. It may load up to 15 bytes
//    past the end of a tensor, which mean nothing;
//  - keeps nothing from call to call: no globals, and memory.data() for constants alone;
//  - computes the same bits however the work is divided into calls.

export { decodeAffine, decodeScatteredAffine } from "./affine";
export { attend } from "./attention";
export { attendBfloats, bfloatMultiples } from "./attention_bfloat";
export { attendCodes } from "./attention_codes";
export { decodeBfloat16, decodeFloat16 } from "./decode";
export * from "./elementwise";
export { fixedLinear } from "./fixed";
export { integerRows } from "./few_rows";
export { decodePanels, halfRows } from "./half_rows";
export { integerLinear } from "./integer";
export { hasDots } from "./integer_tile";
export { nativeIntegerLinear } from "./integer_native";
export { roundColumns } from "./gptq";
export * from "./k_blocks";
export * from "./layout";
export * from "./legacy_blocks";
export { roundToPowers } from "./log2";
export { logSumExpParts, scaledExp } from "./loss";
export { matmul } from "./matmul";
export * from "./norm";
export { fakeQuantUniform, quantizeCodes } from "./quantize";
export * from "./rotary";
export { scoreTile } from "./score_tile";
export { causalSoftmax, causalSoftmaxGradient } from "./softmax";
export { causalSoftpickGradient } from "./softpick";
export * from "./sums";
export { addTripErrors } from "./trip";
export { solveColumns, solveRows, subtractProduct } from "./wide";
