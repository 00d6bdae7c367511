/** Methods of quantization: passes over the blocks of a model, and how the result is executed. */
export * from "./agileq.ts";
export { awq, type AwqSettings } from "./awq.ts";
export * from "./calibrate.ts";
export * from "./execution.ts";
export * from "./gptq.ts";
export { gptqConfig } from "./gptq_checkpoint.ts";
export * from "./keep.ts";
export * from "./linear_weights.ts";
export * from "./method.ts";
export * from "./methods.ts";
export * from "./pass.ts";
export * from "./prepare.ts";
export * from "./rtn.ts";
export type { Seen, SeenValues } from "./seen.ts";
export * from "./site_passes.ts";
export * from "./site_quantizer.ts";
export * from "./site_scheme.ts";
export * from "./versions.ts";
