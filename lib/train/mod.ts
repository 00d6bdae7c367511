export * from "./adamw.ts";
export * from "./batches.ts";
export * from "./checkpoint.ts";
export * from "./gradients.ts";
export * from "./parameters.ts";
export * from "./schedule.ts";
export * from "./trainable.ts";
export * from "./trainer.ts";
