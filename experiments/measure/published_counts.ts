import type { Tokenizer } from "../../lib/io/mod.ts";
import type { DatasetName, DatasetSplit } from "./datasets.ts";

/** The text that the literature of quantization measures on: the test split of WikiText-2, GPTQ's way. */
const wikitext = {
  sha256: "696cca6b65a171b0a358a4be6732cdfdf2dd6164a32e20fd70e3c13fc4dfae83",
  /** How many tokens it has without start token, by what a tokenizer makes of the probe. */
  counts: [
    { tokenizer: "GPT-2's", probe: [15496, 995], tokens: 287_644 },
    { tokenizer: "OPT's", probe: [31414, 232], tokens: 287_644 },
    { tokenizer: "LLaMA's", probe: [15043, 3186], tokens: 341_468 },
  ],
};

const probe = "Hello world";

/** A part of a data set as tokens, without start token. */
interface CountedText {
  dataset: DatasetName;
  split: DatasetSplit;
  sha256: string;
  ids: Int32Array;
}

/** What is known of a text from published figures on it. */
export interface PublishedCount {
  /** Without start token; undefined where it is not known for the tokenizer. */
  tokens?: number;
  /** Why figures cannot be held against published ones, in sentences. */
  warnings: string[];
}

/**
 * Compares text and number of tokens with those of published figures: a check of the data and of the
 * tokenizer.
 */
export function publishedCount(
  { dataset, split, sha256, ids }: CountedText,
  tokenizer: Pick<Tokenizer, "encode">,
): PublishedCount {
  if (dataset !== "wikitext2" || split !== "test") return { warnings: [] };
  const own = tokenizer.encode(probe).join();
  const known = wikitext.counts.find(({ probe }) => probe.join() === own);
  const incomparable = "figures cannot be held against published ones.";
  const warnings: string[] = [];
  if (sha256 !== wikitext.sha256) {
    warnings.push(`The text is not WikiText-2's test split as it is published: ${incomparable}`);
  } else if (known && known.tokens !== ids.length) {
    const counts = `${known.tokens} tokens by ${known.tokenizer} tokenizer, not ${ids.length}`;
    warnings.push(`WikiText-2's test split has ${counts}: ${incomparable}`);
  }
  return { tokens: known?.tokens, warnings };
}
