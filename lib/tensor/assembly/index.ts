// Kernels: functions of counts, factors and addresses. Threads run them side by side, each with an
// instance of its own, in one memory. Therefore a kernel
//  - stores nothing outside of what its call is for: storeFirst() ends a row. It may load up to 15 bytes
//    past the end of a tensor, which mean nothing;
//  - keeps nothing from call to call: no globals, and memory.data() for constants alone;
//  - computes the same bits however the work is divided into calls.

export { attend, attentionProbabilities } from "./attention";
export * from "./elementwise";
export * from "./integer";
export * from "./layout";
export { compareRows } from "./loss";
export { roundToPowers } from "./log2";
export { matmul } from "./matmul";
export { normalizeRows } from "./norm";
export { rotateRows } from "./rotary";
export { causalSoftmax, causalSoftmaxGradient, logSumExpParts, scaledExp } from "./softmax";
export * from "./sums";
