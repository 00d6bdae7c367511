import { assertEquals, assertNotEquals } from "@std/assert";
import { Tokenizer } from "@huggingface/tokenizers";
import {
  cutWordsByUnicode,
  keepByteOrderMarks,
  withPatterns,
} from "../../lib/io/library_faults.ts";
import { byteLevelTokenizer, sentencePieceTokenizer } from "./tiny_tokenizers.ts";

// A byte order mark, a next-line control, and digits that are not ASCII.
const text = "a \ufeffb \u0085c x²³ ١٢ cafe\u0301, Ⅷ";

/** A definition that cuts a text alone: its words are its tokens. */
const cutting = (pre_tokenizer: unknown) => ({
  version: "1.0",
  added_tokens: [],
  normalizer: null,
  pre_tokenizer,
  post_processor: null,
  decoder: null,
  model: { type: "WordLevel", vocab: {}, unk_token: "" },
});

const wordsOf = (tokenizer: Tokenizer) => tokenizer.encode(text).tokens;

/** What `tokenizers` 0.23.3 for Python gives for the text by `pre_tokenize_str`. */
const published: [Record<string, unknown>, string[]][] = [
  [
    { type: "Digits", individual_digits: true },
    ["a \ufeffb \u0085c x", "²", "³", " ", "١", "٢", " cafe\u0301, ", "Ⅷ"],
  ],
  [
    { type: "Digits", individual_digits: false },
    ["a \ufeffb \u0085c x", "²³", " ", "١٢", " cafe\u0301, ", "Ⅷ"],
  ],
  [{ type: "Whitespace" }, ["a", "\ufeff", "b", "c", "x", "²³", "١٢", "cafe\u0301", ",", "Ⅷ"]],
  [{ type: "WhitespaceSplit" }, ["a", "\ufeffb", "c", "x²³", "١٢", "cafe\u0301,", "Ⅷ"]],
  [{ type: "BertPreTokenizer" }, ["a", "\ufeffb", "c", "x²³", "١٢", "cafe\u0301", ",", "Ⅷ"]],
];

for (const [part, words] of published) {
  Deno.test(`withPatterns() cuts as Rust's library does: ${JSON.stringify(part)}`, () => {
    assertNotEquals(wordsOf(new Tokenizer(cutting(part), {})), words); // the fault
    for (const each of [part, { type: "Sequence", pretokenizers: [part] }]) {
      assertEquals(wordsOf(new Tokenizer(withPatterns(cutting(each)), {})), words);
    }
  });
}

Deno.test("withPatterns() splits at the marks of spaces unless told not to", () => {
  const words = (part: object) => {
    const each = { type: "Metaspace", replacement: "_", prepend_scheme: "always", ...part };
    return new Tokenizer(withPatterns(cutting(each)), {}).encode("a  b_c ").tokens;
  };
  // As tokenizers 0.23.3 for Python does.
  assertEquals(words({}), ["_a", "_", "_b", "_c", "_"]);
  assertEquals(words({ split: true }), ["_a", "_", "_b", "_c", "_"]);
  assertEquals(words({ split: false }), ["_a__b_c_"]);
});

Deno.test("withPatterns() leaves other pre-tokenizers as they are", () => {
  for (const part of [null, { type: "ByteLevel" }, { type: "Metaspace", split: false }]) {
    assertEquals(withPatterns(cutting(part)), cutting(part));
  }
});

Deno.test("cutWordsByUnicode() cuts byte-level words as Rust's library does", () => {
  const bytes = { type: "ByteLevel", add_prefix_space: false };
  const words = ["a", "Ġï»¿", "b", "Ġ", "Âħ", "c", "Ġx", "Â²Â³", "ĠÙ¡Ù¢", "Ġcafe", "Ìģ,", "Ġâħ§"];
  const nested = { type: "Sequence", pretokenizers: [bytes] };
  for (const part of [bytes, nested, { type: "Sequence", pretokenizers: [nested] }]) {
    const tokenizer = new Tokenizer(cutting(part), {});
    assertNotEquals(wordsOf(tokenizer), words); // the fault
    cutWordsByUnicode(tokenizer);
    assertEquals(wordsOf(tokenizer), words);
  }
});

Deno.test("keepByteOrderMarks() decodes a mark that is written in bytes", () => {
  const definition = sentencePieceTokenizer([]);
  const bytes = { ...definition, decoder: { type: "ByteFallback" } };
  for (const each of [definition, bytes]) {
    const tokenizer = new Tokenizer(each, {});
    const { ids } = tokenizer.encode("\ufeff\ufeff");
    assertNotEquals(tokenizer.decode(ids).match(/\ufeff/g)?.length, 2); // the fault
    keepByteOrderMarks(tokenizer);
    assertEquals(tokenizer.decode(ids).match(/\ufeff/g)?.length, 2);
  }
  keepByteOrderMarks(new Tokenizer(byteLevelTokenizer(), {}));
});
