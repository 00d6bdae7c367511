
//    past the end of a tensor, which mean nothing;
//  - computes the same bits however the work is divided into calls.
//  - keeps nothing from call to call: no globals, and memory.data() for constants alone;
//  - stores nothing outside of what its call is for: storeFirst() ends a row. It may load up to 15 bytes
// Kernels: functions of counts, factors and addresses. Threads run them side by side, each with an
// instance of its own, in one memory. Therefore a kernel
export * from "./elementwise";
export * from "./integer";
export * from "./layout";
export * from "./matmul";
export * from "./softmax";
export * from "./sums";
export { attend, attentionProbabilities } from "./attention";
export { causalSoftmax, causalSoftmaxGradient, logSumExpParts, scaledExp } from "./softmax";
export { compareRows } from "./loss";
export { matmul } from "./matmul";
export { normalizeRows } from "./norm";
export { rotateRows } from "./rotary";
export { roundToPowers } from "./log2";
