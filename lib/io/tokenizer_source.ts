import { refuse } from "../core/mod.ts";
import { exists, isFolder, readJson } from "./files.ts";
import { readGgufHeader } from "./gguf_header.ts";
import { ggufTokenizer } from "./gguf_tokenizer.ts";
import { hubOrigin } from "./hub_cache.ts";
import { conversionHint } from "./older_files.ts";
import type { RankedMerge } from "./sentence_piece.ts";
import { readVocabularyFiles, vocabularyFiles } from "./vocabulary_files.ts";

/** What describes a tokenizer, wherever it was found. */
export interface TokenizerSource {
  /** The file to blame. */
  file: string;
  /** As a parsed tokenizer.json; not checked where it is one. */
  definition: unknown;
  /** Instead of the merges in the definition, where their ranks are not their places. */
  merges?: readonly RankedMerge[];
}

/**
 * Reads the description of a tokenizer: tokenizer.json or, where there is none, vocab.json with
 * merges.txt; or the metadata of a GGUF file.
 *
 * @param path A tokenizer.json, a GGUF file or the folder of a model.
 * @throws {InputError} If there is nothing of the kind or it cannot be read.
 */
export async function readTokenizerSource(path: string): Promise<TokenizerSource> {
  const [file] = await tokenizerFiles(path);
  if (file === undefined) {
    refuse(`read ${path}/tokenizer.json`, `the file must exist${await tokenizerHint(path)}`);
  }
  if (file.endsWith(".gguf")) {
    const { metadata } = await readGgufHeader(file);
    return { file, ...ggufTokenizer(metadata, file) };
  }
  if (file.endsWith("/vocab.json")) return { file, definition: await readVocabularyFiles(path) };
  return { file, definition: await readJson(file) };
}

/** How to have a tokenizer of what a folder has instead, or the hub, to go behind a rule; empty if neither has. */
export async function tokenizerHint(folder: string): Promise<string> {
  const hint = await conversionHint(folder, ["tokenizer.model"], "AutoTokenizer");
  return hint || downloadHint(folder);
}

/** How to complete a snapshot in the cache of the hub; empty of any other folder. */
function downloadHint(path: string): string {
  const { repository, commit } = hubOrigin(path) ?? {};
  return repository === undefined
    ? ""
    : `; deno task download ${repository}@${commit} brings what the repository has and the cache lacks`;
}

/**
 * The files that describe the tokenizer of a model, the one to blame first; none where the model
 * comes without one.
 *
 * @param path A tokenizer.json, a GGUF file or the folder of a model.
 */
export async function tokenizerFiles(path: string): Promise<string[]> {
  if (/\.(json|gguf)$/.test(path) && !await isFolder(path)) return [path];
  if (await exists(`${path}/tokenizer.json`)) return [`${path}/tokenizer.json`];
  return await exists(`${path}/vocab.json`) ? await vocabularyFiles(path) : [];
}
