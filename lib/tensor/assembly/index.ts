export * from "./elementwise";
export * from "./matmul";
export * from "./softmax";
