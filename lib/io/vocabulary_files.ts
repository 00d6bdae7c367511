import { refuse, require } from "../core/mod.ts";
import { AddedTokens, contentOf, namedTokens, readFlag } from "./added_tokens.ts";
import { byteLevelDefinition, cuttings } from "./byte_level.ts";
import { exists, readJson, readText } from "./files.ts";
import { isObject } from "./json.ts";
import { isNatural } from "./tokenizer_parts.ts";

/** Files that say which tokens are special, all of them optional. */
const sideFiles = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/** Classes of Python's Transformers by the way they cut a text. */
const cuttingOf: Readonly<Record<string, string>> = {
  GPT2Tokenizer: "gpt-2",
  GPT2TokenizerFast: "gpt-2",
  Qwen2Tokenizer: "qwen2",
  Qwen2TokenizerFast: "qwen2",
};

/** The files of a tokenizer that is given by vocab.json and merges.txt. */
export async function vocabularyFiles(folder: string): Promise<string[]> {
  const files = ["vocab.json", "merges.txt"].map((name) => `${folder}/${name}`);
  for (const name of sideFiles) {
    if (await exists(`${folder}/${name}`)) files.push(`${folder}/${name}`);
  }
  return files;
}

/**
 * Reads a byte-level BPE tokenizer as GPT-2 and OPT are published: vocab.json and merges.txt, and where
 * they are there tokenizer_config.json, special_tokens_map.json and added_tokens.json.
 *
 * @returns The tokenizer.json that says the same.
 * @throws {InputError} If a file cannot be read, is not what it should be or contradicts another.
 */
export async function readVocabularyFiles(folder: string): Promise<Record<string, unknown>> {
  const vocab = await readVocabulary(`${folder}/vocab.json`);
  const merges = await readMerges(`${folder}/merges.txt`, vocab);
  const config = await readSide(`${folder}/tokenizer_config.json`);
  const action = `load ${folder}/tokenizer_config.json`;
  const name = config.tokenizer_class ?? "GPT2Tokenizer";
  const isKnown = typeof name === "string" && Object.hasOwn(cuttingOf, name);
  const rule = `tokenizer_class must be one of ${Object.keys(cuttingOf).join(", ")}`;
  require(isKnown, action, rule, name);
  const cutting = cuttingOf[name];
  const added = new AddedTokens(vocab);
  for (const [content, id] of Object.entries(await readSide(`${folder}/added_tokens.json`))) {
    added.add({ content, id, special: false }, `load ${folder}/added_tokens.json`);
  }
  added.addListed(config.added_tokens_decoder, action);
  const mapped = await readSide(`${folder}/special_tokens_map.json`);
  added.addNamed(mapped, `load ${folder}/special_tokens_map.json`);
  added.addNamed(config, action);
  const named = (key: keyof typeof namedTokens) => contentOf(config[key] ?? mapped[key]);
  for (const [key, usual] of Object.entries(namedTokens)) {
    const isSaid = config[key] !== undefined || mapped[key] !== undefined;
    if (!isSaid && usual !== null && Object.hasOwn(vocab, usual)) {
      added.add({ content: usual, special: true }, action);
    }
  }
  const around = (flag: string, key: "bos_token" | "eos_token") => {
    if (!readFlag(config, flag, action)) return undefined;
    const token = added.get(named(key) ?? namedTokens[key]!);
    return token ?? refuse(action, `${flag} needs ${key}`);
  };
  const addPrefixSpace = readFlag(config, "add_prefix_space", action);
  const isPlain = cutting === "gpt-2" || !addPrefixSpace;
  require(isPlain, action, `add_prefix_space must be false for ${name}`, addPrefixSpace);
  return byteLevelDefinition({
    cutting: cuttings[cutting],
    vocab,
    merges,
    added: added.list(),
    startToken: around("add_bos_token", "bos_token"),
    endToken: around("add_eos_token", "eos_token"),
    addPrefixSpace,
  });
}

/** Tokens with ids 0, 1, 2 ..., each once. */
async function readVocabulary(path: string): Promise<Record<string, number>> {
  const action = `load ${path}`;
  const vocab = await readJson(path);
  const rule = "it must be an object of tokens and their ids";
  require(isObject(vocab) && Object.keys(vocab).length > 0, action, rule, vocab);
  const count = Object.keys(vocab).length;
  const owners = new Map<unknown, string>();
  for (const [token, id] of Object.entries(vocab)) {
    const isId = isNatural(id) && id < count && !owners.has(id);
    require(isId, action, `its ids must be 0..${count - 1}, each once`, id);
    owners.set(id, token);
  }
  return vocab as Record<string, number>;
}

/** One merge a line behind `#version`, those merged first in front. */
async function readMerges(path: string, vocab: Record<string, number>): Promise<string[]> {
  const lines = (await readText(path)).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const start = lines[0]?.startsWith("#version") ? 1 : 0;
  const isToken = (token: string) => Object.hasOwn(vocab, token);
  for (let index = start; index < lines.length; index++) {
    const parts = lines[index].split(" ");
    const isMerge = parts.length === 2 && parts.every(isToken) && isToken(parts.join(""));
    const rule = `line ${index + 1} must be two tokens of vocab.json and a space between, whose ` +
      "join is a token";
    require(isMerge, `load ${path}`, rule, lines[index]);
  }
  return lines.slice(start);
}

/** A JSON object, empty where the file is not there. */
async function readSide(path: string): Promise<Record<string, unknown>> {
  if (!await exists(path)) return {};
  const value = await readJson(path);
  require(isObject(value), `load ${path}`, "it must be a JSON object", value);
  return value;
}
