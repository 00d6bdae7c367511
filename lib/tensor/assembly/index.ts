export { attend, attentionProbabilities } from "./attention";
export * from "./elementwise";
export * from "./integer";
export { compareRows, logSumExpParts, scaledExp } from "./loss";
export { roundToPowers } from "./log2";
export { matmul } from "./matmul";
export { normalizeRows } from "./norm";
export { rotateRows } from "./rotary";
export { causalSoftmax, causalSoftmaxGradient } from "./softmax";
