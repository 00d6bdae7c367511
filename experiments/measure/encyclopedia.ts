import { sha256 } from "../../lib/core/mod.ts";
import { generateEncyclopedia } from "../../lib/corpus/mod.ts";
import type { Tokenizer } from "../../lib/io/mod.ts";
import { corpus } from "./bundled.ts";

/** A split of the encyclopedia. */
export type Split = "training" | "calibration" | "validation" | "test";

/** A split as tokens. */
export interface TokenizedSplit {
  ids: Int32Array;
  /** sha256 of the text. */
  hash: string;
  /** The chance in the text, nats per token: no model's expected loss lies much below. */
  entropyPerToken: number;
}

/** Generates and tokenizes a split. */
export async function tokenizeSplit(split: Split, tokenizer: Tokenizer): Promise<TokenizedSplit> {
  const { text, entropy } = generateEncyclopedia(corpus[split]);
  const ids = tokenizer.encode(text);
  return { ids, hash: await sha256(text), entropyPerToken: entropy / ids.length };
}
