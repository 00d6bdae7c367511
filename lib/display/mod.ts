export * from "./bars.ts";
export * from "./describe_pruning.ts";
export * from "./describe_quantized.ts";
export * from "./description.ts";
export * from "./display.ts";
export * from "./figure.ts";
export { interactiveFigures, plotlyScript } from "./interactive.ts";
export * from "./notebook_hooks.ts";
export * from "./progress.ts";
