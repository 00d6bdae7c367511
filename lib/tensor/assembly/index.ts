export * from "./elementwise";
export * from "./integer";
export * from "./matmul";
export * from "./softmax";
