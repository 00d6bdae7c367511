import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { tokenizerFiles } from "../../lib/io/mod.ts";
import { readTokenizerSource } from "../../lib/io/tokenizer_source.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("tokenizerFiles() prefers tokenizer.json, and is empty where there is nothing", () =>
  withFolder(async (folder) => {
    assertEquals(await tokenizerFiles(folder), []);
    for (const name of ["vocab.json", "merges.txt"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    assertEquals(await tokenizerFiles(folder), [`${folder}/vocab.json`, `${folder}/merges.txt`]);
    await Deno.writeTextFile(`${folder}/tokenizer.json`, "");
    assertEquals(await tokenizerFiles(folder), [`${folder}/tokenizer.json`]);
    assertEquals(await tokenizerFiles("some.json"), ["some.json"]);
    for (const name of ["a.json", "a.gguf"]) {
      await Deno.mkdir(`${folder}/${name}`);
      assertEquals(await tokenizerFiles(`${folder}/${name}`), []);
    }
  }));

Deno.test("readTokenizerSource() says how to convert tokenizer.model", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/tokenizer.model`, "");
    await assertRejects(
      () => readTokenizerSource(folder),
      InputError,
      `Cannot read ${folder}/tokenizer.json: the file must exist; tokenizer.model is not read, ` +
        'but this, run in the folder, converts it: python -c "from transformers import ' +
        "AutoTokenizer as A; A.from_pretrained('.').save_pretrained('.')\"",
    );
  }));

Deno.test("readTokenizerSource() names the file that is not there", () =>
  withFolder(async (folder) => {
    for (const path of [folder, `${folder}/tokenizer.json`]) {
      const message = `Cannot read ${folder}/tokenizer.json: the file must exist`;
      await assertRejects(() => readTokenizerSource(path), InputError, message);
    }
  }));

Deno.test("readTokenizerSource() says how a snapshot of the hub's cache is completed", () =>
  withFolder(async (cache) => {
    const commit = "0123456789abcdef0123456789abcdef01234567";
    const folder = `${cache}/models--org--tiny/snapshots/${commit}`;
    await Deno.mkdir(folder, { recursive: true });
    await assertRejects(
      () => readTokenizerSource(folder),
      InputError,
      `Cannot read ${folder}/tokenizer.json: the file must exist; deno task download ` +
        `org/tiny@${commit} brings what the repository has and the cache lacks`,
    );
  }));
