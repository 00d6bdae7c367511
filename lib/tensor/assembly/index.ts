export * from "./elementwise";
export * from "./integer";
export { log2Levels } from "./log2";
export * from "./matmul";
export * from "./quantize";
export * from "./softmax";
