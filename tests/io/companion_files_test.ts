import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadTokenizer, readCompanionFiles } from "../../lib/io/mod.ts";
import golden from "../golden/gguf_tokenizers.json" with { type: "json" };
import { ggufBytes, type SampleValue } from "../../tools/fuzz/gguf_bytes.ts";
import { loadMetadata, type TokenizerMetadata } from "./gguf_metadata.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("readCompanionFiles() has of a folder what is neither weights nor configuration", () =>
  withFolder(async (folder) => {
    const found = ["chat_template.jinja", "generation_config.json", "merges.txt", "vocab.json"];
    const others = ["README.md", "config.json", "model.safetensors", "quantize_config.json"];
    for (const name of [...found, ...others]) await Deno.writeTextFile(`${folder}/${name}`, name);
    const { files, noTokenizer } = await readCompanionFiles(folder);
    assertEquals([...files.keys()].sort(), found);
    for (const [name, content] of files) {
      assertEquals(new TextDecoder().decode(content as Uint8Array), name);
    }
    assertEquals(noTokenizer, undefined);
    await Deno.remove(`${folder}/vocab.json`);
    assertEquals((await readCompanionFiles(folder)).noTokenizer, `${folder} has no file of it`);
  }));

for (const [name, { metadata, cases }] of Object.entries(golden.files)) {
  Deno.test(`readCompanionFiles() makes a tokenizer.json of the metadata of a GGUF file: ${name}`, () =>
    withFolder(async (folder) => {
      const keys = Object.fromEntries(
        Object.entries(metadata).map(([key, value]) => [key.replace("tokenizer.ggml.", ""), value]),
      ) as TokenizerMetadata;
      const { startToken } = await loadMetadata(folder, keys);
      const { files } = await readCompanionFiles(`${folder}/a.gguf`);
      for (const [file, content] of files) {
        await Deno.writeTextFile(`${folder}/${file}`, content as string);
      }
      const tokenizer = await loadTokenizer(folder);
      assertEquals(tokenizer.startToken, startToken);
      const start = startToken === undefined ? [] : [startToken];
      for (const { text, ids } of cases) {
        assertEquals([...start, ...tokenizer.encode(text)], ids, text);
      }
    }));
}

const keys: Record<string, SampleValue> = {
  "tokenizer.ggml.model": ["string", "gpt2"],
  "tokenizer.ggml.pre": ["string", "gpt-2"],
  "tokenizer.ggml.tokens": ["string[]", ["a", "b", "ab", "<s>", "</s>"]],
  "tokenizer.ggml.merges": ["string[]", ["a b"]],
  "tokenizer.ggml.eos_token_id": ["u32", 4],
  "tokenizer.ggml.eot_token_id": ["u32", 3],
  "tokenizer.ggml.bos_token_id": ["u32", 3],
  "tokenizer.chat_template": ["string", "{{ messages }}"],
};

Deno.test("readCompanionFiles() has what ends a text, special tokens and the chat of a GGUF file", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.gguf`;
    await Deno.writeFile(path, ggufBytes({ metadata: keys }));
    const { files } = await readCompanionFiles(path);
    const json = (name: string) => JSON.parse(files.get(name) as string);
    assertEquals(json("generation_config.json"), { eos_token_id: [4, 3] });
    assertEquals(json("tokenizer_config.json"), {
      ...{ tokenizer_class: "PreTrainedTokenizerFast", bos_token: "<s>", eos_token: "</s>" },
      ...{ clean_up_tokenization_spaces: false, chat_template: "{{ messages }}" },
    });
    const strange: SampleValue = ["string", "own"];
    const metadata = { ...keys, "tokenizer.ggml.pre": strange };
    await Deno.writeFile(path, ggufBytes({ metadata }));
    const none = await readCompanionFiles(path);
    assertEquals(none.files.size, 0);
    assertStringIncludes(none.noTokenizer!, "tokenizer.ggml.pre must be one of ");
  }));
