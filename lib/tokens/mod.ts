export * from "./importance.ts";
export * from "./schedule.ts";
export * from "./selection.ts";
export * from "./track.ts";
