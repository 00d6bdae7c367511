export * from "./elementwise";
export * from "./integer";
export { nativeIntegerLinear, unpackWeight } from "./integer_native";
export { log2Levels } from "./log2";
export * from "./matmul";
export * from "./quantize";
export * from "./softmax";
