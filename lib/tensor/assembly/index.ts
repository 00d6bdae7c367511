export * from "./elementwise";
export * from "./integer";
export * from "./layout";
export * from "./matmul";
export * from "./softmax";
export * from "./sums";
