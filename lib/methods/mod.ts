export * from "./activations.ts";
export * from "./gptq_model.ts";
export * from "./integer_execution.ts";
export * from "./method.ts";
export * from "./mixed_precision.ts";
export * from "./quantized_linear.ts";
export * from "./scheme.ts";
export * from "./weights.ts";
