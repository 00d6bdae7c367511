import { refuse, require } from "../core/mod.ts";
import { exists } from "./files.ts";
import { readIndex, shardsOf } from "./sharded_checkpoint.ts";

/** What of a repository is read besides weights. */
export const settingFiles = [
  "config.json",
  "generation_config.json",
  "quantize_config.json",
  "quant_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
];

/** The forms that weights come in, the best first: one file, or an index of several. */
const weightForms = ["model.safetensors", "pytorch_model.bin"]
  .map((file) => ({ file, index: `${file}.index.json` }));

/** What to download of a model: settings, tokenizer, and weights in one form alone. */
export interface ModelFiles {
  settings: string[];
  /** The file with all weights, or the index of the files that have them. */
  weights: { file: string } | { index: string };
}

/**
 * Chooses among the files of a repository.
 *
 * @param names Of all files in its first folder.
 * @throws {InputError} If it is no model, or has weights in none of the forms.
 */
export function chooseModelFiles(names: readonly string[], action: string): ModelFiles {
  const rule = `the repository must be of a model, with config.json${ggufHint(names)}`;
  require(names.includes("config.json"), action, rule);
  const settings = settingFiles.filter((name) => names.includes(name));
  for (const { file, index } of weightForms) {
    if (names.includes(file)) return { settings, weights: { file } };
    if (names.includes(index)) return { settings, weights: { index } };
  }
  const forms = weightForms.map(({ file }) => file).join(" or ");
  refuse(
    action,
    `the repository must have ${forms}, whole or with an index${ggufHint(names)}`,
    names,
  );
}

/** What to do about a repository that has GGUF files instead, one for each way of storing a model. */
export function ggufHint(names: readonly string[]): string {
  const files = names.filter((name) => name.endsWith(".gguf"));
  return files.length > 0 ? `; :FILE.gguf behind its name means one of ${files.join(", ")}` : "";
}

/**
 * The files that the index of a model's weights lists, sorted.
 *
 * @throws {InputError} If it is no such index, or names a file outside its folder.
 */
export async function listedShards(index: string): Promise<string[]> {
  return shardsOf(await readIndex(index));
}

/** Whether a folder has the configuration and all weights of a model. */
export async function isWholeModel(folder: string): Promise<boolean> {
  if (!await exists(`${folder}/config.json`)) return false;
  for (const { file, index } of weightForms) {
    if (await exists(`${folder}/${file}`)) return true;
    if (!await exists(`${folder}/${index}`)) continue;
    const shards = await listedShards(`${folder}/${index}`);
    const areThere = await Promise.all(shards.map((name) => exists(`${folder}/${name}`)));
    if (areThere.every(Boolean)) return true;
  }
  return false;
}
