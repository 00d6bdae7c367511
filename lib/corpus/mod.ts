export * from "./byte_pair_trainer.ts";
export * from "./choices.ts";
export * from "./encyclopedia.ts";
export * from "./pretokenize.ts";
export type { AddedToken, TokenizerJson } from "./tokenizer_json.ts";
