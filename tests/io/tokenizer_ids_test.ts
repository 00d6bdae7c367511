import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { tokenIdsOf } from "../../lib/io/tokenizer_ids.ts";
import { byteLevelTokenizer } from "./tiny_tokenizers.ts";

function refuses(changes: Record<string, unknown>, rule: string) {
  const changed = () => tokenIdsOf({ ...byteLevelTokenizer(), ...changes }, "load it");
  assertThrows(changed, InputError, `Cannot load it: ${rule}`);
}

const bytePairs = (vocab: unknown, merges: unknown) => ({ model: { type: "BPE", vocab, merges } });

Deno.test("tokenIdsOf() gives every token its id, added ones too", () => {
  const ids = tokenIdsOf(byteLevelTokenizer(), "load it");
  assertEquals([ids.size, ids.get("he"), ids.get("</s>")], [269, 256, 268]);
  const model = { type: "Unigram", vocab: [["<unk>", 0], ["a", -1.5]], unk_id: 0 };
  const unigram = { added_tokens: [], post_processor: null, model };
  assertEquals([...tokenIdsOf(unigram, "load it")], [["<unk>", 0], ["a", 1]]);
});

Deno.test("tokenIdsOf() refuses an id that is no integer in range, and coerces none", () => {
  for (const id of ["7", 3.5, -1, 1e9, 2 ** 32 + 5, null, true, [1], 2 ** 24]) {
    const rule = `must be an integer in 0..16777215, got ${JSON.stringify(id)}`;
    refuses(bytePairs({ a: 0, b: id }, []), `model.vocab of "b" ${rule}`);
    refuses({ added_tokens: [{ id, content: "<x>" }] }, `added_tokens of "<x>" ${rule}`);
  }
});

Deno.test("tokenIdsOf() refuses two ids of one token and two tokens of one id", () => {
  refuses({ added_tokens: [{ id: 300, content: "he" }] }, 'added_tokens must give "he" its id 256');
  const taken = { added_tokens: [{ id: 256, content: "<x>" }] };
  refuses(taken, 'added_tokens must not take id 256 from another, got "he"');
});

Deno.test("tokenIdsOf() refuses a token that is only to be found as a word, which no text is cut by", () => {
  const added = { id: 300, content: "<x>", single_word: false };
  const plain = { ...byteLevelTokenizer(), post_processor: null, added_tokens: [added] };
  assertEquals(tokenIdsOf(plain, "load it").get("<x>"), 300);
  const rule = "added_tokens must be found within words too: single_word must be false, got ";
  refuses({ added_tokens: [{ ...added, single_word: true }] }, `${rule}"<x>"`);
});

Deno.test("tokenIdsOf() refuses a template whose tokens it lacks or knows by another id", () => {
  const template = (id: string, ids: unknown) => ({
    post_processor: {
      type: "Sequence",
      processors: [{
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id } }, { Sequence: { id: "A" } }],
        special_tokens: { [id]: { id, ids, tokens: [id] } },
      }],
    },
  });
  assertEquals(tokenIdsOf({ ...byteLevelTokenizer(), ...template("he", [256]) }, "x").size, 269);
  refuses(template("<y>", [0]), 'post_processor must name tokens that it has, got "<y>"');
  refuses(template("he", [255]), 'post_processor must give "he" its id 256, got 255');
  refuses(template("he", [256, 256]), 'post_processor must give "he" its id 256, got [256,256]');
  refuses(template("he", undefined), 'post_processor must give "he" its id 256, got null');
  const pair = { type: "BertProcessing", sep: ["he", 256], cls: ["</s>", "268"] };
  refuses({ post_processor: pair }, 'post_processor must give "</s>" its id 268, got "268"');
});

Deno.test("tokenIdsOf() refuses merges of tokens that there are not", () => {
  const vocab = { a: 0, b: 1, ab: 2 };
  const strings = "model.merges must be two tokens and a space between, whose join is a token";
  refuses(bytePairs(vocab, undefined), "model.merges must be a list, got null");
  refuses(bytePairs(vocab, ["a b", "b a"]), `${strings}, got "b a"`);
  refuses(bytePairs(vocab, ["a b a"]), `${strings}, got "a b a"`);
  refuses(bytePairs(vocab, [5]), `${strings}, got 5`);
  const pairs = "model.merges must be pairs of tokens whose join is a token";
  refuses(bytePairs(vocab, [["a", "b"], "a b"]), `${pairs}, got "a b"`);
});

Deno.test("tokenIdsOf() refuses a list of scores with a hole in it", () => {
  const unigram = (vocab: unknown, unk_id?: number) => ({
    model: { type: "Unigram", vocab, unk_id },
  });
  const rule = "model.vocab must be a list of pairs of a token and a finite score";
  refuses(unigram([]), `${rule}, got []`);
  refuses(unigram([["a", 0], ["b", "0"]]), `${rule}, got ["b","0"]`);
  refuses(unigram([["a", 0]], 1), "model.unk_id must be in 0..0, got 1");
});
