export * from "./adamw.ts";
export * from "./batches.ts";
export * from "./checkpoint.ts";
export * from "./gradients.ts";
export * from "./schedule.ts";
export * from "./trainer.ts";
