import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { loadTokenizer, readText } from "../../lib/io/mod.ts";
import { readVocabularyFiles, vocabularyFiles } from "../../lib/io/vocabulary_files.ts";
import opt from "../golden/opt_tokenizer.json" with { type: "json" };
import { withFolder } from "./temporary_folder.ts";

type Files = Record<string, unknown>;

async function write(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
}

const letters = Object.fromEntries([..."abĠ", "ab", "<x>", "<y>"].map((token, id) => [token, id]));
const plain: Files = { "vocab.json": letters, "merges.txt": "#version: 0.2\na b\n" };

/** A tokenizer of a few letters with further files. */
async function withFiles<T>(files: Files, test: (folder: string) => Promise<T>): Promise<T> {
  const results: T[] = [];
  await withFolder(async (folder) => {
    await write(folder, { ...plain, ...files });
    results.push(await test(folder));
  });
  return results[0];
}

Deno.test("readVocabularyFiles() gives OPT's tokenizer its published ids", () =>
  withFolder(async (folder) => {
    await write(folder, opt.files);
    const tokenizer = await loadTokenizer(folder);
    assertEquals(tokenizer.startToken, 2);
    assertEquals(tokenizer.vocabularySize, 1000);
    for (const { text, ids } of opt.cases) {
      assertEquals([2, ...tokenizer.encode(text)], ids, text);
      assertEquals(tokenizer.decode(ids), `</s>${text}`);
    }
  }));

Deno.test("readVocabularyFiles() reads merges.txt without a version, with carriage returns", () =>
  withFiles({ "merges.txt": "a b\r\nĠ a" }, async (folder) => {
    const vocab = { ...letters, "Ġa": 6 };
    await write(folder, { "vocab.json": vocab });
    assertEquals([...(await loadTokenizer(folder)).encode("ab a")], [3, 6]);
  }));

Deno.test("readVocabularyFiles() takes special tokens of every file, and no other", async () => {
  const encode = (files: Files, text = "a<x>a<y>") =>
    withFiles(files, async (folder) => [...(await loadTokenizer(folder)).encode(text)]);
  const config = (config: unknown) => ({ "tokenizer_config.json": config });
  const vocab = { ...letters, "<": 6, "x": 7, "y": 8, ">": 9 };
  const open = { "vocab.json": vocab };
  assertEquals(await encode(open), [0, 6, 7, 9, 0, 6, 8, 9]);
  const asX = [0, 4, 0, 6, 8, 9];
  assertEquals(await encode({ ...open, ...config({ pad_token: "<x>" }) }), asX);
  assertEquals(await encode({ ...open, "special_tokens_map.json": { eos_token: "<x>" } }), asX);
  const listed = { added_tokens_decoder: { 4: { content: "<x>", special: true } } };
  assertEquals(await encode({ ...open, ...config(listed) }), asX);
  const several = { additional_special_tokens: ["<x>", { content: "<y>" }] };
  assertEquals(await encode({ ...open, ...config(several) }), [0, 4, 0, 5]);
  assertEquals(await encode({ ...open, "added_tokens.json": { "<z>": 10 } }, "a<z>"), [0, 10]);
  const strips = { eos_token: { content: "<x>", lstrip: true } };
  assertEquals(await encode({ ...open, ...config(strips) }, "a <x>"), [0, 4]);
});

Deno.test("readVocabularyFiles() takes <|endoftext|> for special unless all its uses have others", async () => {
  const vocab = Object.fromEntries(
    [..."<|endoftx>", "<|endoftext|>"].map((token, id) => [token, id]),
  );
  const count = (config: unknown) =>
    withFiles(
      { "vocab.json": vocab, "merges.txt": "", "tokenizer_config.json": config },
      async (folder) => (await loadTokenizer(folder)).encode("<|endoftext|>").length,
    );
  assertEquals(await count({}), 1);
  assertEquals(await count({ bos_token: "<", eos_token: ">" }), 1);
  assertEquals(await count({ bos_token: "<", eos_token: ">", unk_token: ">" }), 13);
});

Deno.test("readVocabularyFiles() puts around a text what the configuration asks for", () =>
  withFiles({}, async (folder) => {
    const start = async (config: unknown) => {
      await write(folder, { "tokenizer_config.json": config });
      return (await loadTokenizer(folder)).startToken;
    };
    const named = { bos_token: "<x>", eos_token: "<y>" };
    assertEquals(await start(named), undefined);
    assertEquals(await start({ ...named, add_bos_token: true }), 4);
    assertEquals(await start({ ...named, add_eos_token: true }), undefined);
    const { post_processor: around } = await readVocabularyFiles(folder);
    assert(JSON.stringify(around).includes('"single":[{"Sequence"'));
    assertEquals([...(await loadTokenizer(folder)).encode("a")], [0]);
  }));

Deno.test("readVocabularyFiles() honours add_prefix_space", () =>
  withFiles({ "tokenizer_config.json": { add_prefix_space: true } }, async (folder) => {
    assertEquals([...(await loadTokenizer(folder)).encode("ab")], [2, 3]);
    assertEquals([...(await loadTokenizer(folder)).encode(" ab")], [2, 3]);
  }));

Deno.test("readVocabularyFiles() cuts texts as Qwen2's tokenizer does where its class is named", () =>
  withFolder(async (folder) => {
    const vocab = Object.fromEntries([..."12aÃ©", "12", "Ã©"].map((token, id) => [token, id]));
    await write(folder, { "vocab.json": vocab, "merges.txt": "1 2\nÃ ©\n" });
    assertEquals([...(await loadTokenizer(folder)).encode("12é")], [5, 6]);
    await write(folder, { "tokenizer_config.json": { tokenizer_class: "Qwen2Tokenizer" } });
    assertEquals([...(await loadTokenizer(folder)).encode("12é")], [0, 1, 6]);
  }));

Deno.test("readVocabularyFiles() refuses what is wrong, by file and rule", async () => {
  const refuses = (files: Files, file: string, rule: string) =>
    withFiles(files, async (folder) => {
      const message = `Cannot load ${folder}/${file}: ${rule}`;
      await assertRejects(() => loadTokenizer(folder), InputError, message);
    });
  const vocabulary = (vocab: unknown, rule: string) =>
    refuses({ "vocab.json": vocab }, "vocab.json", rule);
  await vocabulary([], "it must be an object of tokens and their ids, got []");
  await vocabulary({}, "it must be an object of tokens and their ids, got {}");
  await vocabulary({ a: 0, b: 2 }, "its ids must be 0..1, each once, got 2");
  await vocabulary({ a: 0, b: 0 }, "its ids must be 0..1, each once, got 0");
  await vocabulary({ a: 0, b: "1" }, 'its ids must be 0..1, each once, got "1"');
  const merges = (text: string, rule: string) =>
    refuses({ "merges.txt": text }, "merges.txt", rule);
  const rule = "must be two tokens of vocab.json and a space between, whose join is a token, got ";
  await merges("#version: 0.2\na b\na c\n", `line 3 ${rule}"a c"`);
  await merges("a b\nb a\n", `line 2 ${rule}"b a"`);
  await merges("a b a\n", `line 1 ${rule}"a b a"`);
  await merges("\na b\n", `line 1 ${rule}""`);
  const config = (config: unknown, rule: string) =>
    refuses({ "tokenizer_config.json": config }, "tokenizer_config.json", rule);
  await config([], "it must be a JSON object, got []");
  const classes = "GPT2Tokenizer, GPT2TokenizerFast, Qwen2Tokenizer, Qwen2TokenizerFast";
  for (const name of ["RobertaTokenizer", "toString", 7]) {
    const rule = `tokenizer_class must be one of ${classes}, got ${JSON.stringify(name)}`;
    await config({ tokenizer_class: name }, rule);
  }
  await config({ add_bos_token: 1 }, "add_bos_token must be true or false, got 1");
  await config({ add_bos_token: true }, "add_bos_token needs bos_token");
  await config({ pad_token: 7 }, "pad_token must be a token or an object of one, got 7");
  await config({ pad_token: "<z>" }, 'a file must give "<z>" an id');
  await config(
    { tokenizer_class: "Qwen2Tokenizer", add_prefix_space: true },
    "add_prefix_space must be false for Qwen2Tokenizer, got true",
  );
  await refuses(
    { "added_tokens.json": { a: 7 } },
    "added_tokens.json",
    'the id of "a" must be 0, as another file says, got 7',
  );
});

Deno.test("readVocabularyFiles() needs merges.txt beside vocab.json", () =>
  withFiles({}, async (folder) => {
    await Deno.remove(`${folder}/merges.txt`);
    const message = `Cannot read ${folder}/merges.txt: the file must exist`;
    await assertRejects(() => loadTokenizer(folder), InputError, message);
  }));

Deno.test("vocabularyFiles() names the files that are there, and vocab.json first", () =>
  withFiles({ "tokenizer_config.json": {} }, async (folder) => {
    const names = ["vocab.json", "merges.txt", "tokenizer_config.json"];
    assertEquals(await vocabularyFiles(folder), names.map((name) => `${folder}/${name}`));
  }));

const sharedData = Deno.env.get("AGILE_QUANT_SHARED_DATA");

Deno.test({
  name: "readVocabularyFiles() gives GPT-2's 287,644 tokens of wikitext-2, and OPT's start token",
  ignore: sharedData === undefined,
  fn: () =>
    withFolder(async (folder) => {
      const { model } = JSON.parse(await readText(`${sharedData}/gpt2-tokenizer/tokenizer.json`));
      const merges = [
        "#version: 0.2",
        ...model.merges.map((each: string | string[]) =>
          Array.isArray(each) ? each.join(" ") : each
        ),
      ];
      const text = await readText(`${sharedData}/wikitext-2-raw/test.txt`);
      await write(folder, { "vocab.json": model.vocab, "merges.txt": merges.join("\n") });
      const published = await loadTokenizer(`${sharedData}/gpt2-tokenizer`);
      const tokenizer = await loadTokenizer(folder);
      const ids = tokenizer.encode(text);
      assertEquals(ids.length, 287_644);
      assertEquals(ids, published.encode(text));
      assertEquals(tokenizer.startToken, undefined);
      const config = { bos_token: "<|endoftext|>", add_bos_token: true };
      await write(folder, { "tokenizer_config.json": config });
      assertEquals((await loadTokenizer(folder)).startToken, 50_256);
    }),
});
