import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import v8 from "node:v8";
import vm from "node:vm";
import { InputError } from "../../lib/core/mod.ts";
import { loadTokenizer, readText, writeAtomically } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";
import { byteLevelTokenizer, sentencePieceTokenizer } from "./tiny_tokenizers.ts";

async function load(folder: string, definition: unknown) {
  await writeAtomically(`${folder}/tokenizer.json`, JSON.stringify(definition));
  return await loadTokenizer(folder);
}

Deno.test("loadTokenizer() encodes by the merges and adds no special token", () =>
  withFolder(async (folder) => {
    const tokenizer = await load(folder, byteLevelTokenizer());
    // t, he, Ġworld | Ġthe, er, Ġw, or, ld, ing
    const first = [116, 256, 267];
    assertEquals(tokenizer.encode("the world"), Int32Array.of(...first));
    assertEquals(tokenizer.encode(" theer worlding"), Int32Array.of(258, 260, 267, 263));
    assertEquals(tokenizer.encode("é\n"), Int32Array.of(0xc3, 0xa9, 0x0a));
    assertEquals(tokenizer.encode(""), new Int32Array());
    assertEquals(tokenizer.vocabularySize, 269);
    assertEquals(tokenizer.startToken, 268);
    assertEquals(tokenizer.decode(Int32Array.of(268, ...first)), "</s>the world");
    assertEquals(tokenizer.encode("a</s>b"), Int32Array.of(97, 268, 98));
  }));

Deno.test("loadTokenizer() takes the path of the file too, and finds no start token in LLaMA's", () =>
  withFolder(async (folder) => {
    await load(folder, sentencePieceTokenizer(["▁ a", "a b"]));
    const tokenizer = await loadTokenizer(`${folder}/tokenizer.json`);
    assertEquals(tokenizer.startToken, undefined);
    assertEquals(tokenizer.decode(tokenizer.encode("ab aab dé")), "ab aab dé");
  }));

Deno.test("Tokenizer.encode() cuts by Unicode's white space and digits, not JavaScript's", () =>
  withFolder(async (folder) => {
    const plain = byteLevelTokenizer();
    const { vocab } = plain.model as { vocab: Record<string, number> };
    const tokens = { ...vocab, "Ġï": 300, "Â²": 301, "Â²Â²": 302 };
    const merges = ["Ġ ï", "Â ²", "Â² Â²"];
    const definition = { ...plain, model: { ...plain.model as object, vocab: tokens, merges } };
    const ids = async (definition: unknown, text: string) => [
      ...(await load(folder, definition)).encode(text),
    ];
    assertEquals(await ids(definition, " \ufeff²²"), [300, 0xbb, 0xbf, 302]);
    const digits = { type: "Digits", individual_digits: true };
    const pretokenizers = [digits, plain.pre_tokenizer];
    const pre_tokenizer = { type: "Sequence", pretokenizers };
    assertEquals(await ids({ ...definition, pre_tokenizer }, "²²"), [301, 301]);
  }));

Deno.test("Tokenizer.decode() undoes Tokenizer.encode() for byte-level BPE", () =>
  withFolder(async (folder) => {
    const tokenizer = await load(folder, byteLevelTokenizer());
    const words = fc.array(fc.constantFrom(" the", "her", " .", " 's", "\n\n", "  ", "world", "ß"));
    const anyText = fc.oneof(fc.string({ unit: "grapheme" }), words.map((each) => each.join("")));
    fc.assert(fc.property(anyText, (text) => {
      assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
    }));
  }));

Deno.test("Tokenizer.decode() refuses ids outside of the vocabulary", () =>
  withFolder(async (folder) => {
    const tokenizer = await load(folder, byteLevelTokenizer());
    for (const id of [-1, 269, 0.5]) {
      const path = `${folder}/tokenizer.json`;
      const message = `Cannot decode ids with ${path}: it must have a token for each, got ${id}`;
      assertThrows(() => tokenizer.decode([104, id]), InputError, message);
    }
    assertEquals(tokenizer.decode([]), "");
  }));

Deno.test("Tokenizer.encode() refuses a token that has no id", () =>
  withFolder(async (folder) => {
    const tokenizer = await load(folder, {
      ...byteLevelTokenizer(),
      post_processor: null,
      added_tokens: [],
      model: {
        type: "WordPiece",
        vocab: { a: 0 },
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
      },
    });
    const message = `Cannot encode a text with ${folder}/tokenizer.json: ` +
      'it must have an id for every token, got "[UNK]"';
    assertThrows(() => tokenizer.encode("b"), InputError, message);
  }));

Deno.test("loadTokenizer() refuses a missing, malformed or unknown tokenizer.json", () =>
  withFolder(async (folder) => {
    const path = `${folder}/tokenizer.json`;
    const missing = `Cannot read ${path}: the file must exist`;
    await assertRejects(() => loadTokenizer(folder), InputError, missing);
    const refuses = (definition: unknown, rule: string) =>
      assertRejects(() => load(folder, definition), InputError, `Cannot load ${path}: ${rule}`);
    await refuses([], "it must be a JSON object, got []");
    await refuses({}, "model must be an object, got null");
    const { normalizer: _, ...incomplete } = byteLevelTokenizer();
    await refuses(incomplete, "it must describe a working tokenizer, got ");
    const pattern = { Regex: "(" };
    const split = { type: "Split", pattern, behavior: "Isolated", invert: false };
    await refuses({ ...byteLevelTokenizer(), pre_tokenizer: split }, "it must describe a working");
  }));

Deno.test("loadTokenizer() tells the ids of all tokens, and decodes no id in a gap", () =>
  withFolder(async (folder) => {
    const plain = byteLevelTokenizer();
    const extra = { id: 300, content: "<x>", special: true };
    const added = [...plain.added_tokens as unknown[], extra];
    const tokenizer = await load(folder, { ...plain, added_tokens: added });
    assertEquals([tokenizer.vocabularySize, tokenizer.ids.size], [301, 270]);
    assertEquals(tokenizer.decode([300]), "<x>");
    const message = "it must have a token for each, got 299";
    assertThrows(() => tokenizer.decode([104, 299]), InputError, message);
  }));

Deno.test("loadTokenizer() gives a large vocabulary more time, and says what takes too long", () =>
  withFolder(async (folder) => {
    const large = byteLevelTokenizer();
    const model = large.model as { vocab: Record<string, number>; merges: string[] };
    for (let i = 0; i < 60_000; i++) model.vocab[`token ${i}`] = 300 + i;
    model.merges = Array.from({ length: 40_000 }, () => model.merges[0]);
    const { runInContext } = vm.Script.prototype;
    vm.Script.prototype.runInContext = () => {
      throw Object.assign(new Error("timed out"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    };
    try {
      for (const [definition, seconds] of [[byteLevelTokenizer(), 6], [large, 11]] as const) {
        const message = `Cannot load ${folder}/tokenizer.json: its vocabulary must be taken in ` +
          `and its regular expressions must come to an end within ${seconds} seconds`;
        await assertRejects(() => load(folder, definition), InputError, message);
      }
    } finally {
      vm.Script.prototype.runInContext = runInContext;
    }
  }));

Deno.test("Tokenizer.encode() ends with a regular expression that would not", () =>
  withFolder(async (folder) => {
    const pattern = { Regex: "([a-z ]+)*!" };
    const split = { type: "Split", pattern, behavior: "Isolated", invert: false };
    const tokenizer = await load(folder, { ...byteLevelTokenizer(), pre_tokenizer: split });
    assertEquals(tokenizer.encode("!he!"), Int32Array.of(33, 256, 33));
    const message = `Cannot encode a text with ${folder}/tokenizer.json: ` +
      "its regular expressions must come to an end within 6 seconds";
    assertThrows(() => tokenizer.encode("a".repeat(50)), InputError, message);
    assertEquals(tokenizer.encode("!he!"), Int32Array.of(33, 256, 33));
  }));

Deno.test("Tokenizer.encode() takes a long text without a space, and refuses one that ends memory", () =>
  withFolder(async (folder) => {
    const tokenizer = await load(folder, byteLevelTokenizer());
    assertEquals(tokenizer.encode("he".repeat(200_000)), new Int32Array(200_000).fill(256));
    const refuses = (text: string, message: string) =>
      assertThrows(() => tokenizer.encode(text), InputError, message);
    const { heap_size_limit: memory } = v8.getHeapStatistics();
    const [longestWord, longestText] = [Math.floor(memory / 300), Math.floor(memory / 60)];
    refuses("x".repeat(longestWord + 1), `a word must have at most ${longestWord} characters`);
    refuses("x".repeat(longestText + 1), `it must have at most ${longestText} characters`);
  }));

Deno.test("Tokenizer.encode() refuses a word too long for the calls of the library", () =>
  withFolder(async (folder) => {
    const model = { type: "Unigram", vocab: [["<unk>", 0], ["a", -1]], unk_id: 0 };
    const plain = { ...byteLevelTokenizer(), added_tokens: [], post_processor: null };
    const tokenizer = await load(folder, { ...plain, pre_tokenizer: null, model });
    assertEquals(tokenizer.encode("aab"), Int32Array.of(1, 1, 0));
    const message = "it must describe a working tokenizer, got ";
    assertThrows(() => tokenizer.encode("a".repeat(200_000)), InputError, message);
  }));

const sharedData = Deno.env.get("AGILE_QUANT_SHARED_DATA");

Deno.test({
  name: "loadTokenizer() gives GPT-2's 287,644 tokens of the test split of wikitext-2",
  ignore: sharedData === undefined,
  async fn() {
    const tokenizer = await loadTokenizer(`${sharedData}/gpt2-tokenizer`);
    const text = await readText(`${sharedData}/wikitext-2-raw/test.txt`);
    const ids = tokenizer.encode(text);
    assertEquals(ids.length, 287_644);
    assertEquals(tokenizer.vocabularySize, 50_257);
    assertEquals(tokenizer.startToken, undefined);
    assertEquals(tokenizer.decode(ids) === text, true);
  },
});
