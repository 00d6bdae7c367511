/** Byte-level BPE tokenizers, as GPT-2's, in the form of a tokenizer.json. */

/** How a tokenizer cuts a text into words, which are merged apart. */
interface Cutting {
  normalizer: { type: "NFC" } | null;
  pretokenizers: Record<string, unknown>[];
  /** Whether a word that is a token is not merged but taken. */
  ignoreMerges: boolean;
  /** Whether a start token stands in front of a text unless something else is said. */
  startsText: boolean;
}

const split = (regex: string) => ({
  type: "Split",
  pattern: { Regex: regex },
  behavior: "Isolated",
  invert: false,
});
const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
/** Has GPT-2's pattern built in, that of its encoder.py. */
const gpt2Words = { ...bytes, use_regex: true };
const digits = { type: "Digits", individual_digits: true };

/** The words of GPT-4's cl100k with numbers of so many digits. */
const wordsOf = (digits: string) =>
  split(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + digits +
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  );

const plain = { normalizer: null, ignoreMerges: false, startsText: false };
const llama3: Cutting = {
  ...plain,
  pretokenizers: [wordsOf("{1,3}"), bytes],
  ignoreMerges: true,
  startsText: true,
};
const singleDigits: Cutting = { ...plain, pretokenizers: [digits, gpt2Words] };

/**
 * By the name that GGUF files have for it, as `tokenizer.ggml.pre`. Only names of which the published
 * tokenizer.json and llama.cpp's `llama-vocab.cpp` say the same; Qwen2's normalizer is that of its
 * tokenizer.json.
 */
export const cuttings: Readonly<Record<string, Cutting>> = {
  "gpt-2": { ...plain, pretokenizers: [gpt2Words] },
  smollm: singleDigits,
  starcoder: singleDigits,
  "llama-bpe": llama3,
  "llama-v3": llama3,
  llama3,
  qwen2: { ...plain, normalizer: { type: "NFC" }, pretokenizers: [wordsOf(""), bytes] },
};

/** A token that is found in a text before anything else. */
export interface AddedToken {
  id: number;
  content: string;
  /** Whether it marks something, rather than being text. */
  special: boolean;
  lstrip: boolean;
  rstrip: boolean;
  single_word: boolean;
  normalized: boolean;
}

/** What holds of a token where nothing is said of it. */
export const plainToken = { lstrip: false, rstrip: false, single_word: false, normalized: false };

/** A token at one end of a text. */
export type EdgeToken = Pick<AddedToken, "id" | "content">;

/** What a byte-level BPE tokenizer is made of. */
export interface ByteLevelParts {
  cutting: Cutting;
  vocab: Record<string, number>;
  /** Two tokens and a space between, those merged first in front. */
  merges: readonly string[];
  added: readonly AddedToken[];
  /** What stands around a text. */
  startToken?: EdgeToken;
  endToken?: EdgeToken;
  /** Whether a space is put before a text without one. */
  addPrefixSpace?: boolean;
}

/** The tokenizer.json of a byte-level BPE tokenizer. */
export function byteLevelDefinition(
  { cutting, vocab, merges, added, startToken, endToken, addPrefixSpace = false }: ByteLevelParts,
): Record<string, unknown> {
  const pretokenizers = cutting.pretokenizers.map((each, index) =>
    index === 0 && each.type === "ByteLevel" ? { ...each, add_prefix_space: addPrefixSpace } : each
  );
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: cutting.normalizer,
    pre_tokenizer: pretokenizers.length === 1
      ? pretokenizers[0]
      : { type: "Sequence", pretokenizers },
    post_processor: surroundings(startToken, endToken),
    decoder: { ...bytes, use_regex: true },
    model: {
      type: "BPE",
      ignore_merges: cutting.ignoreMerges,
      vocab,
      merges,
    },
  };
}

/** The post-processor that puts tokens around a text; null where there are none. */
export function surroundings(start?: EdgeToken, end?: EdgeToken): Record<string, unknown> | null {
  const tokens = [start, end].filter((each) => each !== undefined);
  if (tokens.length === 0) return null;
  const item = ({ content }: EdgeToken) => ({ SpecialToken: { id: content, type_id: 0 } });
  const entry = ({ id, content }: EdgeToken) =>
    [content, { id: content, ids: [id], tokens: [content] }] as const;
  const text = { Sequence: { id: "A", type_id: 0 } };
  return {
    type: "TemplateProcessing",
    single: [...start ? [item(start)] : [], text, ...end ? [item(end)] : []],
    pair: [text, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: Object.fromEntries(tokens.map(entry)),
  };
}
