/** The visible character that stands for each byte in byte-level BPE, by GPT-2's rule. */
function byteCharacters(): string[] {
  const isVisible = (byte: number) => byte > 0x20 && byte < 0x7f || byte > 0xa0 && byte !== 0xad;
  let next = 0x100;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCharCode(isVisible(byte) ? byte : next++),
  );
}

function vocabulary(tokens: string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** The tokens that merges make: "h e" makes "he". */
function products(merges: string[]): string[] {
  return merges.map((merge) => merge.replace(" ", ""));
}

const byteMerges = [
  "h e",
  "Ġ t",
  "Ġt he",
  "l l",
  "e r",
  "o r",
  "i n",
  "in g",
  "Ġ w",
  "Ġw or",
  "l d",
  "Ġwor ld",
];

/**
 * A byte-level BPE tokenizer as GPT-2's, of 12 merges: ids 0..255 are the bytes in order, 256..267
 * the merges in order, 268 `</s>`, which is put in front of a text as OPT's tokenizer does.
 */
export function byteLevelTokenizer(): Record<string, unknown> {
  const startToken = "</s>";
  const tokens = [...byteCharacters(), ...products(byteMerges)];
  return {
    version: "1.0",
    added_tokens: [{ id: tokens.length, content: startToken, special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { SpecialToken: { id: startToken, type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        [startToken]: { id: startToken, ids: [tokens.length], tokens: [startToken] },
      },
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: vocabulary(tokens), merges: byteMerges },
  };
}

/** A SentencePiece-style BPE tokenizer as LLaMA's, with the given merges of the letters a to e. */
export function sentencePieceTokenizer(merges: string[]): Record<string, unknown> {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const tokens = ["<unk>", ...bytes, "▁", ..."abcde", ...new Set(products(merges))];
  return {
    version: "1.0",
    added_tokens: [{ id: 0, content: "<unk>", special: true, normalized: false }],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      vocab: vocabulary(tokens),
      merges,
      unk_token: "<unk>",
      fuse_unk: true,
      byte_fallback: true,
    },
  };
}
