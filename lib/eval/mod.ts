export * from "./perplexity.ts";
export * from "./reading.ts";
export * from "./score.ts";
export * from "./windows.ts";
