export * from "./activations.ts";
export * from "./gptq_model.ts";
export * from "./method.ts";
export * from "./scheme.ts";
export * from "./weights.ts";
export * from "./quantized_linear.ts";
