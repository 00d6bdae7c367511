export type { AttentionShape } from "./attention_shape.ts";
export * from "./concentration.ts";
export * from "./importance.ts";
export * from "./schedule.ts";
export * from "./selection.ts";
export * from "./track.ts";
