import { InputError } from "../core/mod.ts";
import { attempt, exists, isGguf } from "./files.ts";
import { readGgufHeader } from "./gguf_header.ts";
import { ggufEndTokens, ggufTokenizer, ggufTokenizerConfig } from "./gguf_tokenizer.ts";
import { settingFiles } from "./hub_model_files.ts";
import { tokenizerFiles } from "./tokenizer_source.ts";

/** What a model has besides weights and configuration: the tokenizer, and how to generate. */
export interface CompanionFiles {
  /** By the name of the file. */
  files: Map<string, string | Uint8Array>;
  /** Why there is no tokenizer among them, where that is so. */
  noTokenizer?: string;
}

/** What says how a checkpoint is to be read, and is no part of the tokenizer. */
const aboutWeights = ["config.json", "quantize_config.json", "quant_config.json"];

/**
 * Reads what stands beside the weights of a model in a folder; or what says the same as the metadata of a GGUF
 * file: tokenizer.json, tokenizer_config.json and generation_config.json. A tokenizer.json cannot say that tokens
 * of a SentencePiece vocabulary have the same score: they are merged by their places in a list, which is the
 * same but for rare texts.
 *
 * @param model A folder in Hugging Face layout, or a GGUF file.
 * @throws {InputError} If a file cannot be read.
 */
export async function readCompanionFiles(model: string): Promise<CompanionFiles> {
  return await isGguf(model) ? await filesOfGguf(model) : await filesOfFolder(model);
}

async function filesOfFolder(folder: string): Promise<CompanionFiles> {
  const files: CompanionFiles["files"] = new Map();
  for (const name of [...settingFiles, "chat_template.jinja"]) {
    const path = `${folder}/${name}`;
    if (aboutWeights.includes(name) || !await exists(path)) continue;
    files.set(name, await attempt(`read ${path}`, () => Deno.readFile(path)));
  }
  const hasTokenizer = (await tokenizerFiles(folder)).length > 0;
  return { files, noTokenizer: hasTokenizer ? undefined : `${folder} has no file of it` };
}

async function filesOfGguf(path: string): Promise<CompanionFiles> {
  const { metadata } = await readGgufHeader(path);
  const files: CompanionFiles["files"] = new Map();
  const add = (name: string, value: unknown) =>
    files.set(name, `${JSON.stringify(value, null, 2)}\n`);
  try {
    const config = ggufTokenizerConfig(metadata, path);
    const ends = [...ggufEndTokens(metadata, path)];
    add("tokenizer.json", ggufTokenizer(metadata, path).definition);
    add("tokenizer_config.json", config);
    if (ends.length > 0) add("generation_config.json", { eos_token_id: ends });
    return { files };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { files: new Map(), noTokenizer: error.message };
  }
}
