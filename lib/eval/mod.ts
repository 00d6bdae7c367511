export * from "./perplexity.ts";
export * from "./reading.ts";
export * from "./score.ts";
export * from "./stored_scores.ts";
export * from "./windows.ts";
