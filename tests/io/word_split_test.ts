import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { Tokenizer } from "@huggingface/tokenizers";
import { splitWords } from "../../lib/io/word_split.ts";
import { byteLevelTokenizer, sentencePieceTokenizer } from "./tiny_tokenizers.ts";

function encode(definition: Record<string, unknown>, text: string): number[] {
  return new Tokenizer(definition, {}).encode(text, { add_special_tokens: false }).ids;
}

/** A merge of any two tokens so far, where a space may only come first. */
const anyMerges = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 14 }).map((picks) => {
  const tokens = ["▁", ..."abcd"];
  const merges = new Set<string>();
  for (const [left, right] of picks) {
    const pair = [tokens[left % tokens.length], tokens[right % tokens.length]];
    if (/[^▁]▁/.test(pair.join(""))) continue;
    tokens.push(pair.join(""));
    merges.add(pair.join(" "));
  }
  return [...merges];
});
const anyText = fc.string({
  unit: fc.constantFrom(..."aaabbbccd     ", "é", "\n", "😀", "\t"),
  maxLength: 60,
});

Deno.test("splitWords() leaves the ids of every text as they are", () => {
  fc.assert(fc.property(anyMerges, anyText, (merges, text) => {
    const whole = sentencePieceTokenizer(merges);
    assertNotEquals(splitWords(whole), whole);
    assertEquals(encode(splitWords(whole), text), encode(whole, text));
  }));
});

Deno.test("splitWords() leaves the ids as they are behind a Metaspace pre-tokenizer", () => {
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false };
  fc.assert(fc.property(anyMerges, anyText, (merges, text) => {
    const whole = {
      ...sentencePieceTokenizer(merges),
      normalizer: null,
      pre_tokenizer: metaspace,
    };
    assertNotEquals(splitWords(whole), whole);
    assertEquals(encode(splitWords(whole), text), encode(whole, text));
  }));
});

Deno.test("splitWords() reads merges written as pairs", () => {
  const definition = sentencePieceTokenizer([]);
  const withMerges = (merges: unknown) => ({
    ...definition,
    model: { ...definition.model as Record<string, unknown>, merges },
  });
  assertNotEquals(splitWords(withMerges([["▁", "a"]])), withMerges([["▁", "a"]]));
  const crossing = withMerges([["a", "▁"]]);
  assert(splitWords(crossing) === crossing);
});

Deno.test("splitWords() leaves tokenizers alone that it might alter", () => {
  const byteLevel = byteLevelTokenizer();
  assert(splitWords(byteLevel) === byteLevel);
  const crossing = sentencePieceTokenizer(["a ▁", "a▁ b"]);
  assert(splitWords(crossing) === crossing);
  const sentencePiece = sentencePieceTokenizer(["▁ a"]);
  for (const option of ["ignore_merges", "end_of_word_suffix", "continuing_subword_prefix"]) {
    const model = { ...sentencePiece.model as Record<string, unknown>, [option]: "x" };
    const special = { ...sentencePiece, model };
    assert(splitWords(special) === special);
  }
  const unigram = { ...sentencePiece, model: { type: "Unigram", vocab: [["a", 0]] } };
  assert(splitWords(unigram) === unigram);
});
