export * from "./end_tokens.ts";
export * from "./generate.ts";
export * from "./prompt.ts";
export * from "./sampling.ts";
export * from "./text_stream.ts";
