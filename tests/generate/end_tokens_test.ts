import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { loadEndTokens } from "../../lib/generate/mod.ts";
import { ggufBytes, type SampleValue } from "../../tools/fuzz/gguf_bytes.ts";
import { withFolder } from "../io/temporary_folder.ts";

for (
  const [field, expected] of [
    [{}, []],
    [{ eos_token_id: null }, []],
    [{ eos_token_id: 2 }, [2]],
    [{ eos_token_id: [5, 7] }, [5, 7]],
  ] as const
) {
  Deno.test(`loadEndTokens() reads ${JSON.stringify(field)}`, () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(field));
      assertEquals(await loadEndTokens(folder), new Set(expected));
    }));
}

for (
  const [field, expected] of [[{}, [2]], [{ eos_token_id: 7 }, [2, 7]], [{
    eos_token_id: [1, 26],
  }, [2, 1, 26]]] as const
) {
  Deno.test(`loadEndTokens() adds ${JSON.stringify(field)} of generation_config.json`, () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/config.json`, '{"eos_token_id": 2}');
      await Deno.writeTextFile(`${folder}/generation_config.json`, JSON.stringify(field));
      assertEquals(await loadEndTokens(folder), new Set(expected));
    }));
}

Deno.test("loadEndTokens() refuses what is no token id", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, '{"eos_token_id": [1, "</s>"]}');
    await assertRejects(
      () => loadEndTokens(folder),
      InputError,
      `Cannot load ${folder}/config.json: eos_token_id must be a token id or a list of them, ` +
        'got "</s>"',
    );
  }));

Deno.test("loadEndTokens() takes more tokens than one call has arguments", () =>
  withFolder(async (folder) => {
    const list = JSON.stringify({ eos_token_id: Array.from({ length: 300_000 }, (_, id) => id) });
    await Deno.writeTextFile(`${folder}/config.json`, "{}");
    await Deno.writeTextFile(`${folder}/generation_config.json`, list);
    assertEquals((await loadEndTokens(folder)).size, 300_000);
  }));

Deno.test("loadEndTokens() reads a folder that is called as a GGUF file is", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.gguf`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/config.json`, '{"eos_token_id": 2}');
    assertEquals(await loadEndTokens(path), new Set([2]));
  }));

Deno.test("loadEndTokens() reads those of a GGUF file", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.gguf`;
    const metadata: Record<string, SampleValue> = {
      "tokenizer.ggml.tokens": ["string[]", ["a", "b", "c"]],
      "tokenizer.ggml.eos_token_id": ["u32", 1],
      "tokenizer.ggml.eot_token_id": ["u32", 2],
    };
    await Deno.writeFile(path, ggufBytes({ metadata }));
    assertEquals(await loadEndTokens(path), new Set([1, 2]));
  }));
