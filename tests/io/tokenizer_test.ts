import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
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
      const message = `Cannot decode ids: ids must be integers in 0..268, got ${id}`;
      assertThrows(() => tokenizer.decode([104, id]), InputError, message);
    }
    assertEquals(tokenizer.decode([]), "");
  }));

Deno.test("Tokenizer.encode() refuses a token that has no id", () =>
  withFolder(async (folder) => {
    const tokenizer = await load(folder, {
      ...byteLevelTokenizer(),
      post_processor: null,
      model: { type: "WordPiece", vocab: { a: 0 }, unk_token: "[UNK]" },
    });
    assertThrows(
      () => tokenizer.encode("b"),
      InputError,
      `Cannot encode a text: ${folder}/tokenizer.json must have an id for it, got "[UNK]"`,
    );
  }));

Deno.test("loadTokenizer() refuses a missing, malformed or unknown tokenizer.json", () =>
  withFolder(async (folder) => {
    const path = `${folder}/tokenizer.json`;
    const missing = `Cannot read ${path}: the file must exist`;
    await assertRejects(() => loadTokenizer(folder), InputError, missing);
    const refuses = (definition: unknown, rule: string) =>
      assertRejects(() => load(folder, definition), InputError, `Cannot load ${path}: ${rule}`);
    await refuses([], "it must be a JSON object, got []");
    await refuses({}, "it must describe a known tokenizer, got ");
    const model = { ...byteLevelTokenizer(), model: { type: "Abacus" } };
    await refuses(model, 'it must describe a known tokenizer, got "Unknown TokenizerModel type: A');
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
