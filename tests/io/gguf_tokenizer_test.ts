import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ggufEndTokens, ggufTokenizer } from "../../lib/io/gguf_tokenizer.ts";
import golden from "../golden/gguf_tokenizers.json" with { type: "json" };
import { loadMetadata, type TokenizerMetadata } from "./gguf_metadata.ts";
import { withFolder } from "./temporary_folder.ts";

/** What a golden file has of keys, by their last names. */
const namesOf = (metadata: object) =>
  Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key.replace("tokenizer.ggml.", ""), value]),
  ) as TokenizerMetadata;

for (const [name, { metadata, cases }] of Object.entries(golden.files)) {
  Deno.test(`ggufTokenizer() gives the ids of the tokenizer that ${name} was written from`, () =>
    withFolder(async (folder) => {
      const tokenizer = await loadMetadata(folder, namesOf(metadata));
      const start = tokenizer.startToken === undefined ? [] : [tokenizer.startToken];
      assertEquals(start, name.startsWith("llama") ? [1] : []);
      for (const { text, ids } of cases) {
        assertEquals([...start, ...tokenizer.encode(text)], ids, text);
        // A space comes before a text, and behind each control token.
        const asDecoded = name.startsWith("llama")
          ? text.replace(/<\/?s>|<unk>/g, (token) => `${token} `)
          : text;
        assertEquals(tokenizer.decode(tokenizer.encode(text)), asDecoded);
      }
    }));
}

const letters: TokenizerMetadata = {
  model: "gpt2",
  pre: "gpt-2",
  tokens: [
    "1",
    "2",
    "3",
    "4",
    "Ġ",
    "12",
    "123",
    "1234",
    "<b>",
    "<e>",
    "e",
    "Ì",
    "ģ",
    "Ã",
    "©",
    "Ã©",
  ],
  token_type: [1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1],
  merges: ["1 2", "12 3", "123 4", "Ã ©"],
  bos_token_id: 8,
  eos_token_id: 9,
};

Deno.test("ggufTokenizer() cuts texts by the name of the pre-tokenizer", () =>
  withFolder(async (folder) => {
    const ids = async (pre: string, text: string) => [
      ...(await loadMetadata(folder, { ...letters, pre })).encode(text),
    ];
    const expected = {
      "gpt-2": [7],
      smollm: [0, 1, 2, 3],
      starcoder: [0, 1, 2, 3],
      "llama-bpe": [6, 3],
      llama3: [6, 3],
      "llama-v3": [6, 3],
      qwen2: [0, 1, 2, 3],
    };
    for (const [pre, digits] of Object.entries(expected)) {
      assertEquals(await ids(pre, "1234"), digits, pre);
    }
    const decomposed = "e\u0301";
    assertEquals(await ids("gpt-2", decomposed), [10, 11, 12]);
    assertEquals(await ids("qwen2", decomposed), [15]);
  }));

Deno.test("ggufTokenizer() takes a word that is a token unmerged for Llama 3 alone", () =>
  withFolder(async (folder) => {
    const metadata = { ...letters, merges: ["1 2"] };
    const encode = async (pre: string) => [
      ...(await loadMetadata(folder, { ...metadata, pre })).encode("123"),
    ];
    assertEquals(await encode("gpt-2"), [5, 2]);
    assertEquals(await encode("llama-bpe"), [6]);
  }));

Deno.test("ggufTokenizer() puts a start token in front where add_bos_token or its kind says so", () =>
  withFolder(async (folder) => {
    const start = async (metadata: TokenizerMetadata) =>
      (await loadMetadata(folder, metadata)).startToken;
    assertEquals(await start(letters), undefined);
    assertEquals(await start({ ...letters, add_bos_token: true }), 8);
    assertEquals(await start({ ...letters, pre: "llama-bpe" }), 8);
    assertEquals(await start({ ...letters, pre: "llama-bpe", add_bos_token: false }), undefined);
    assertEquals(await start({ ...letters, add_eos_token: true }), undefined);
  }));

const pieces: TokenizerMetadata = {
  model: "llama",
  tokens: ["<unk>", "<s>", "a", "b", "\u2581", "\u2581a", "<u>", "ab"],
  scores: [0, 0, -1, -2, -3, -4, 0, -5],
  token_type: [2, 3, 1, 1, 1, 1, 4, 5],
  bos_token_id: 1,
};

Deno.test("ggufTokenizer() puts a space before a text and behind tokens unless told otherwise", () =>
  withFolder(async (folder) => {
    const tokenizer = await loadMetadata(folder, pieces);
    assertEquals(tokenizer.startToken, 1);
    assertEquals([...tokenizer.encode("a<u>a<s>b")], [5, 6, 5, 1, 4, 3]);
    assertEquals(tokenizer.decode(tokenizer.encode("a a")), "a a");
    const without = await loadMetadata(folder, { ...pieces, add_space_prefix: false });
    assertEquals([...without.encode("a<u>a a")], [2, 6, 2, 5]);
    assertEquals(without.decode(without.encode(" a a")), " a a");
  }));

Deno.test("ggufTokenizer() makes no unused token, and one unknown of several characters", () =>
  withFolder(async (folder) => {
    const tokenizer = await loadMetadata(folder, pieces);
    assertEquals([...tokenizer.encode("abcd")], [5, 3, 0]);
    assertEquals(tokenizer.vocabularySize, 8);
  }));

Deno.test("ggufTokenizer() refuses what is wrong, by file and key", () =>
  withFolder(async (folder) => {
    const refuses = (change: Record<string, unknown>, rule: string, from = letters) => {
      const changed = Object.entries({ ...from, ...change })
        .filter(([, value]) => value !== undefined);
      const message = `Cannot load ${folder}/a.gguf: ${rule}`;
      const metadata = Object.fromEntries(changed) as TokenizerMetadata;
      return assertRejects(() => loadMetadata(folder, metadata), InputError, message);
    };
    const key = (rule: string) => `tokenizer.ggml.${rule}`;
    await refuses({ model: "bert" }, key('model must be one of gpt2, llama, got "bert"'));
    await refuses({ model: undefined }, key("model must be one of gpt2, llama, got null"));
    const names = "gpt-2, smollm, starcoder, llama-bpe, llama-v3, llama3, qwen2";
    for (const pre of ["tekken", "default", "toString"]) {
      await refuses({ pre }, key(`pre must be one of ${names}, got "${pre}"`));
    }
    await refuses({ pre: undefined }, key(`pre must be one of ${names}, got null`));
    await refuses({ tokens: [] }, key("tokens must be strings, at least one, got "));
    await refuses({ tokens: [1] }, key("tokens must be strings, at least one, got "));
    await refuses({ token_type: [1] }, key("token_type must be 16 integers in 0..6, got 1"));
    const types = letters.token_type as number[];
    await refuses(
      { token_type: types.with(0, 7) },
      key("token_type must be 16 integers in 0..6, got 7"),
    );
    const merge = key("merges must be two tokens and a space between, whose join is a token, got ");
    for (const merges of [["1 5"], ["1 3"], ["12"], ["1 2 3"]]) {
      await refuses({ merges }, `${merge}"${merges}"`);
    }
    await refuses({ add_bos_token: 1 }, key("add_bos_token must be true or false, got 1"));
    await refuses({ bos_token_id: 16, add_bos_token: true }, key("bos_token_id must be in 0..15"));
    await refuses(
      { bos_token_id: undefined, add_bos_token: true },
      key("bos_token_id must say what stands there"),
    );
    await refuses({ add_space_prefix: true }, key("add_space_prefix must be false for gpt2"));
    const tokens = (letters.tokens as string[]).with(1, "1");
    await refuses({ tokens }, 'its tokens must differ; 0 and 1 are the same, got "1"');
    await refuses({ scores: undefined }, key("scores must be there"), pieces);
    await refuses(
      { scores: [NaN, 0, 0, 0, 0, 0, 0, 0] },
      key("scores must be 8 finite numbers, got NaN"),
      pieces,
    );
    await refuses(
      { remove_extra_whitespaces: true },
      key("remove_extra_whitespaces must be false"),
      pieces,
    );
  }));

Deno.test("ggufTokenizer() takes types that are absent for normal, and numbers of any width", () => {
  const metadata = new Map<string, unknown>([
    ["tokenizer.ggml.model", "llama"],
    ["tokenizer.ggml.tokens", ["<unk>", "a"]],
    ["tokenizer.ggml.scores", Float64Array.of(0, -1)],
    ["tokenizer.ggml.token_type", BigInt64Array.of(2n, 1n)],
    ["tokenizer.ggml.add_bos_token", false],
  ]);
  const { definition } = ggufTokenizer(metadata, "a.gguf");
  assertEquals((definition.added_tokens as unknown[]).length, 1);
  metadata.delete("tokenizer.ggml.token_type");
  metadata.set("tokenizer.ggml.unknown_token_id", 0);
  assertEquals(ggufTokenizer(metadata, "a.gguf").definition.added_tokens, []);
});

Deno.test("ggufEndTokens() are the tokens that end a text, a turn or a message", () => {
  const tokens: [string, unknown] = ["tokenizer.ggml.tokens", ["a", "b", "c", "d"]];
  const ends = (ids: Record<string, unknown>) =>
    ggufEndTokens(
      new Map([
        tokens,
        ...Object.entries(ids).map(([name, id]) =>
          [`tokenizer.ggml.${name}_token_id`, id] as [string, unknown]
        ),
      ]),
      "a.gguf",
    );
  assertEquals(ends({}), new Set());
  assertEquals(ends({ eos: 1, eot: 3, bos: 0 }), new Set([1, 3]));
  assertEquals(ends({ eos: 2, eom: 2 }), new Set([2]));
  const message = "Cannot load a.gguf: tokenizer.ggml.eos_token_id must be in 0..3, got 4";
  assertThrows(() => ends({ eos: 4 }), InputError, message);
});
