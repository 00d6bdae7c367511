import { assert, assertEquals } from "@std/assert";
import { tokenReader } from "../../experiments/measure/token_source.ts";
import { loadTokenizer, readCompanionFiles, writeAtomically } from "../../lib/io/mod.ts";
import { changedGguf } from "./changed_gguf.ts";
import { changedJson, jsonBytes } from "./changed_json.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedBytes } from "./mutations.ts";
import {
  sampleArchitectures,
  sampleGgufTokenizers,
  sampleText,
  sampleTokenizers,
  sampleVocabularyFiles,
} from "./samples.ts";

/** What reads tokenizers, and texts by them. */
export const tokenizerReaders: Record<string, Reader> = {
  tokenizer: {
    file: "tokenizer.json",
    prepare: () => changedJson(...sampleTokenizers),
    read: encodeSample,
  },
  vocabulary: vocabularyReader("vocab.json"),
  merges: vocabularyReader("merges.txt"),
  "tokenizer config": vocabularyReader("tokenizer_config.json"),
  "special tokens": vocabularyReader("special_tokens_map.json"),
  "added tokens": vocabularyReader("added_tokens.json"),
  "gguf tokenizer": {
    file: "model.gguf",
    prepare: () => changedGguf(...sampleGgufTokenizers.map((metadata) => ({ metadata }))),
    async read(folder) {
      await readCompanionFiles(`${folder}/model.gguf`);
      await encodeSample(`${folder}/model.gguf`);
    },
  },
  ids: {
    file: "ids.json",
    prepare: () => changedJson([1, 2, 3, 4, 5, 6, 7, 8]),
    read: (folder) => readTokens("ids", folder, "ids.json"),
  },
  text: {
    file: "text.txt",
    async prepare(folder) {
      await writeAtomically(`${folder}/tokenizer.json`, jsonBytes(sampleTokenizers[0]));
      return changedBytes(new TextEncoder().encode(sampleText));
    },
    read: (folder) => readTokens("text", folder, "text.txt"),
  },
};

/** One of the files of a tokenizer as GPT-2's, beside the others; a text is encoded with what loads. */
function vocabularyReader(file: keyof typeof sampleVocabularyFiles): Reader {
  const bytesOf = (content: unknown) =>
    typeof content === "string" ? new TextEncoder().encode(content) : jsonBytes(content);
  return {
    file,
    async prepare(folder) {
      for (const [name, content] of Object.entries(sampleVocabularyFiles)) {
        await writeAtomically(`${folder}/${name}`, bytesOf(content));
      }
      const content = sampleVocabularyFiles[file];
      return typeof content === "string" ? changedBytes(bytesOf(content)) : changedJson(content);
    },
    read: encodeSample,
  };
}

async function encodeSample(path: string): Promise<void> {
  const tokenizer = await loadTokenizer(path);
  const ids = tokenizer.encode(sampleText);
  assert(ids.every((id) => tokenizer.ids.has(id) && id < tokenizer.vocabularySize));
  assertEquals(typeof tokenizer.decode(ids), "string");
}

async function readTokens(kind: "text" | "ids", folder: string, file: string): Promise<void> {
  const architecture = { ...sampleArchitectures.opt, vocabularySize: 300 };
  const read = tokenReader({ name: "sample", architecture }, folder);
  const { ids } = await read({ kind, path: `${folder}/${file}` });
  assert(ids.every((id) => id >= 0 && id < 300));
}
