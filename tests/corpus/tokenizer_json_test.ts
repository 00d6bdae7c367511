import { assertEquals } from "@std/assert";
import { Tokenizer } from "@huggingface/tokenizers";
import { BYTE_CHARACTERS } from "../../lib/corpus/mod.ts";
import { describeTokenizer } from "../../lib/corpus/tokenizer_json.ts";

const special = ["<s>", "the"];
const merges = ["h e", "t he", "he Ġ"];
const tokens = [...special, ...BYTE_CHARACTERS, "he", "heĠ"];

/** A tokenizer whose merges make a special token, and what is never within a word. */
const described = describeTokenizer(
  special,
  new Map(tokens.map((token, id) => [token, id])),
  merges,
);

Deno.test("describeTokenizer() gives special tokens the first ids", () => {
  assertEquals(described.added_tokens.map(({ id, content }) => [id, content]), [
    [0, "<s>"],
    [1, "the"],
  ]);
  assertEquals(described.model.vocab["he"], 258);
  assertEquals(described.model.merges, merges);
});

Deno.test("describeTokenizer() describes what a tokenizer of Hugging Face's encodes", () => {
  const tokenizer = new Tokenizer(described, {});
  const byte = (character: string) => 2 + character.charCodeAt(0);
  for (
    const [text, ...ids] of [
      ["he", 258],
      ["he he", 258, 2 + 32, 258],
      ["ehe", byte("e"), 258],
      ["<s>he", 0, 258],
      ["é", 2 + 0xc3, 2 + 0xa9],
      ["lathe", byte("l"), byte("a"), 1],
    ] as const
  ) {
    assertEquals(tokenizer.encode(text).ids, ids, text);
    assertEquals(tokenizer.decode([...ids], { clean_up_tokenization_spaces: false }), text);
  }
});

Deno.test("describeTokenizer() describes what JSON holds without loss", () => {
  assertEquals(JSON.parse(JSON.stringify(described)), described);
});
