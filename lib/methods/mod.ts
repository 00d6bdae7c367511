export * from "./activations.ts";
export * from "./execution.ts";
export * from "./gptq_model.ts";
export * from "./integer_execution.ts";
export * from "./method.ts";
export * from "./quantized_linear.ts";
export * from "./scheme.ts";
export * from "./weights.ts";
