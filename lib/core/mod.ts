export * from "./errors.ts";
export * from "./hash.ts";
export * from "./json.ts";
export * from "./let_signals_in.ts";
export * from "./progress.ts";
export * from "./random.ts";
export * from "./statistics.ts";
export * from "./verdict.ts";
