import { assert, assertEquals, assertThrows } from "@std/assert";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { unicodeText } from "./arbitrary.ts";
import { InputError } from "../../lib/core/mod.ts";
import {
  BYTE_CHARACTERS,
  generateEncyclopedia,
  pretokenize,
  type TokenizerJson,
  trainTokenizer,
} from "../../lib/corpus/mod.ts";

const { text } = generateEncyclopedia({ seed: 4, articles: 60 });
const trained = trainTokenizer(text, { vocabularySize: 700, specialTokens: ["<s>", "</s>"] });
const tokenizer = new Tokenizer(trained, {});

/** A word as the characters that stand for its UTF-8 bytes. */
const spell = (word: string): string[] =>
  Array.from(new TextEncoder().encode(word), (byte) => BYTE_CHARACTERS[byte]);

function join(symbols: string[], left: string, right: string): string[] {
  const joined: string[] = [];
  for (const symbol of symbols) {
    const isPair = joined.at(-1) === left && symbol === right;
    if (isPair) joined[joined.length - 1] = left + right + "\0"; // may not join again
    else joined.push(symbol);
  }
  return joined.map((symbol) => symbol.replace("\0", ""));
}

/** BPE as it is defined: apply every merge, in the order in which they were learned. */
function encodeSlowly({ model }: TokenizerJson, text: string): number[] {
  return pretokenize(text).flatMap((word) => {
    let symbols = spell(word);
    for (const merge of model.merges) {
      const [left, right] = merge.split(" ");
      symbols = join(symbols, left, right);
    }
    return symbols.map((symbol) => model.vocab[symbol]);
  });
}

/** Training as it is defined: count all pairs of the text afresh before every merge. */
function trainSlowly(text: string, merges: number): string[] {
  const ids = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));
  let words = pretokenize(text).map(spell);
  const learned: string[] = [];
  while (ids.size < 256 + merges) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let index = 1; index < word.length; index++) {
        const pair = `${word[index - 1]} ${word[index]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const order = (pair: string) => pair.split(" ").map((symbol) => ids.get(symbol)!);
    const [best] = [...counts].filter(([, count]) => count > 1).sort(([one, a], [other, b]) =>
      b - a || order(one)[0] - order(other)[0] || order(one)[1] - order(other)[1]
    );
    if (!best) break;
    const [left, right] = best[0].split(" ");
    learned.push(best[0]);
    if (!ids.has(left + right)) ids.set(left + right, ids.size);
    words = words.map((word) => join(word, left, right));
  }
  return learned;
}

Deno.test("trainTokenizer() learns the merges of a slow trainer", () => {
  assertEquals(
    trainTokenizer(text.slice(0, 4000), { vocabularySize: 356, specialTokens: [] }).model.merges,
    trainSlowly(text.slice(0, 4000), 100),
  );
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."ab é"), maxLength: 60 }), (text) => {
    assertEquals(
      trainTokenizer(text, { vocabularySize: 276, specialTokens: [] }).model.merges,
      trainSlowly(text, 20),
    );
  }));
});

Deno.test("trainTokenizer() breaks ties by the smaller ids", () => {
  const { model } = trainTokenizer("cd\nab\ncd\nab", { vocabularySize: 257, specialTokens: [] });
  assertEquals(model.merges, ["a b"]);
});

Deno.test("trainTokenizer() numbers special tokens, bytes, then merges", () => {
  const { vocab, merges } = trained.model;
  assertEquals(Object.keys(vocab).length, 700);
  assertEquals(new Set(Object.values(vocab)).size, 700);
  assertEquals([vocab["<s>"], vocab["</s>"], vocab[BYTE_CHARACTERS[0]]], [0, 1, 2]);
  assertEquals(vocab[merges[0].replace(" ", "")], 258);
  assertEquals(trained.added_tokens.map(({ id, content }) => [id, content]), [[0, "<s>"], [
    1,
    "</s>",
  ]]);
});

Deno.test("trainTokenizer() encodes as a slow BPE does and adds no tokens", () => {
  const check = (text: string) =>
    assertEquals(tokenizer.encode(text).ids, encodeSlowly(trained, text));
  check("The bridge, opened in 1854,\n\n== Origins ==\n");
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."the andofr1,\n'sé") }), check));
  fc.assert(fc.property(unicodeText, check));
});

Deno.test("trainTokenizer() round-trips any Unicode text", () => {
  const roundTrip = (text: string) =>
    tokenizer.decode(tokenizer.encode(text).ids, { clean_up_tokenization_spaces: false });
  fc.assert(
    fc.property(unicodeText, (text) => {
      assertEquals(text && roundTrip(text), text); // the tokenizer refuses to decode no tokens
    }),
    { examples: [[" ,"], [" ."]] },
  );
  assertEquals(roundTrip(text), text);
});

Deno.test("trainTokenizer() recognises special tokens inside a text", () => {
  const [first, ...rest] = tokenizer.encode("<s>the end").ids;
  assertEquals(first, 0);
  assertEquals(rest, tokenizer.encode("the end").ids);
});

Deno.test("trainTokenizer() stops when no pair occurs twice", () => {
  const { vocab, merges } =
    trainTokenizer("abcd", { vocabularySize: 300, specialTokens: [] }).model;
  assertEquals([Object.keys(vocab).length, merges], [256, []]);
  assert(
    trainTokenizer("", { vocabularySize: 300, specialTokens: ["x!"] }).model.vocab["x!"] === 0,
  );
});

Deno.test("trainTokenizer() refuses small vocabularies and bad special tokens", () => {
  assertThrows(
    () => trainTokenizer("", { vocabularySize: 256, specialTokens: ["<s>"] }),
    InputError,
    "Cannot train a tokenizer: vocabularySize must be an integer of at least 257, got 256",
  );
  for (const specialTokens of [["<s>", "<s>"], [""], ["a"]]) {
    assertThrows(
      () => trainTokenizer("", { vocabularySize: 300, specialTokens }),
      InputError,
      "Cannot train a tokenizer: specialTokens must be distinct, not empty and not a single byte",
    );
  }
});
