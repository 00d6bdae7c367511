import { assert, assertEquals, assertRejects } from "@std/assert";
import { tokenizeSplit } from "../../../experiments/measure/encyclopedia.ts";
import {
  describeStartToken,
  fileSource,
  textFacts,
  tokenReader,
  type TokenSource,
} from "../../../experiments/measure/token_source.ts";
import { InputError, sha256 } from "../../../lib/core/mod.ts";
import { loadTokenizer } from "../../../lib/io/mod.ts";
import type { Architecture, StartTokenPlace } from "../../../lib/model/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { byteLevelTokenizer } from "../../io/tiny_tokenizers.ts";
import { families } from "../../model/tiny_models.ts";

/** Knows the tokens of {@linkcode byteLevelTokenizer}, which puts 268 in front of a text. */
const model = modelWith({});

function modelWith(changes: Partial<Architecture>) {
  return { name: "tiny", architecture: { ...families.llama, vocabularySize: 269, ...changes } };
}

const write = (path: string, value: unknown) => Deno.writeTextFile(path, JSON.stringify(value));

/** Runs a test in a folder with a tokenizer, the text "the world" and its ids. */
const withTexts = (
  test: (
    read: (
      source: TokenSource,
      place?: StartTokenPlace,
    ) => ReturnType<ReturnType<typeof tokenReader>>,
    folder: string,
  ) => Promise<void>,
) =>
  withFolder(async (folder) => {
    await write(`${folder}/tokenizer.json`, byteLevelTokenizer());
    await Deno.writeTextFile(`${folder}/text.txt`, "the world");
    await write(`${folder}/ids.json`, [116, 256, 267]);
    await test((source, place) => tokenReader(model, folder, place)(source), folder);
  });

Deno.test("tokenReader() says in the name of a text how many of its words are missing", () =>
  withTexts(async (read, folder) => {
    const path = `${folder}/valid.txt`;
    await Deno.writeTextFile(path, "the <unk> of the <unk>");
    assertEquals((await read({ kind: "text", path })).label, "valid.txt (2 <unk>)");
  }));

Deno.test("tokenReader() reads a text with the tokenizer's start token once in front", () =>
  withTexts(async (read, folder) => {
    const text = await read({ kind: "text", path: `${folder}/text.txt` });
    assertEquals(text, {
      ids: Int32Array.of(116, 256, 267),
      sha256: await sha256("the world"),
      label: "text.txt",
      startToken: { place: "once", id: 268 },
    });
    assertEquals(textFacts(text), { sha256: text.sha256, startToken: text.startToken });
  }));

Deno.test("tokenReader() says what to do where there is no tokenizer: convert one, or name ids", () =>
  withTexts(async (read, folder) => {
    await Deno.remove(`${folder}/tokenizer.json`);
    const needed = "the built-in text needs a tokenizer: name another with";
    const refused = (source: TokenSource, message: string) =>
      assertRejects(() => read(source), InputError, message);
    await refused({ kind: "split", split: "calibration" }, `${needed} --calibration`);
    await refused({ kind: "split", split: "test" }, `${needed} --ids`);
    await Deno.writeTextFile(`${folder}/tokenizer.model`, "");
    const hint = "; tokenizer.model is not read, but this, run in the folder, converts it: ";
    await refused({ kind: "split", split: "calibration" }, `${needed} --calibration${hint}`);
    const missing = `Cannot read ${folder}/tokenizer.json: the file must exist${hint}`;
    await refused({ kind: "text", path: `${folder}/text.txt` }, missing);
  }));

Deno.test("tokenReader() takes ids as they are, without a tokenizer", () =>
  withTexts(async (read, folder) => {
    await Deno.remove(`${folder}/tokenizer.json`);
    assertEquals(await read({ kind: "ids", path: `${folder}/ids.json` }), {
      ids: Int32Array.of(116, 256, 267),
      sha256: await sha256("[116,256,267]"),
      label: "ids.json",
      startToken: { place: "none" },
    });
  }));

Deno.test("tokenReader() reads a split of the encyclopedia", () =>
  withTexts(async (read, folder) => {
    const { ids, hash } = await tokenizeSplit("test", await loadTokenizer(folder));
    const text = await read({ kind: "split", split: "test" });
    assertEquals(text.ids, ids);
    assertEquals([text.sha256, text.label], [hash, "encyclopedia test"]);
  }));

Deno.test("tokenReader() puts start tokens where it is told", () =>
  withTexts(async (read, folder) => {
    const place = async (kind: "text" | "ids", file: string, place: StartTokenPlace) =>
      (await read({ kind, path: `${folder}/${file}` }, place)).startToken;
    assertEquals(await place("text", "text.txt", "none"), { place: "none" });
    assertEquals(await place("text", "text.txt", "window"), { place: "window", id: 268 });
    assertEquals(await place("ids", "ids.json", "once"), { place: "once", id: 1 });
  }));

Deno.test("tokenReader() refuses tokens that the model does not know, start token included", () =>
  withTexts(async (_, folder) => {
    const refuses = (vocabularySize: number, source: TokenSource, message: string) =>
      assertRejects(
        () => tokenReader(modelWith({ vocabularySize }), folder)(source),
        InputError,
        message,
      );
    const path = `${folder}/text.txt`;
    const known = "token ids of tiny are";
    await refuses(
      100,
      { kind: "text", path },
      `Cannot use the start token: ${known} 0..99, got 268`,
    );
    await refuses(
      268,
      { kind: "text", path },
      `Cannot use the start token: ${known} 0..267, got 268`,
    );
    const ids = `${folder}/ids.json`;
    await refuses(200, { kind: "ids", path: ids }, `Cannot use ${ids}: ${known} 0..199, got 256`);
    await write(`${folder}/ids.json`, [1, 2.5]);
    const rule = "it must be a JSON array of token ids, got 2.5";
    await refuses(269, { kind: "ids", path: ids }, `Cannot read ${ids}: ${rule}`);
  }));

Deno.test("fileSource() takes files named .json for ids, others for text", () => {
  assertEquals(fileSource("a/b.json"), { kind: "ids", path: "a/b.json" });
  assertEquals(fileSource("json.txt"), { kind: "text", path: "json.txt" });
});

Deno.test("describeStartToken() says which token stands where", () => {
  assertEquals(describeStartToken({ place: "none" }), "none");
  assert(describeStartToken({ place: "once", id: 2 }).startsWith("2 once"));
  assertEquals(describeStartToken({ place: "window", id: 0 }), "0 in every window");
});
