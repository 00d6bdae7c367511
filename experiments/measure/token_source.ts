import { require } from "../../lib/core/mod.ts";
import { hashFile, loadTokenizer, readJson, readText, type Tokenizer } from "../../lib/io/mod.ts";
import {
  chooseStartToken,
  type Model,
  type StartToken,
  type StartTokenPlace,
} from "../../lib/model/mod.ts";
import { type Split, tokenizeSplit } from "./encyclopedia.ts";
import { tokenIds } from "./token_ids.ts";

/** Where tokens come from: a text file, a JSON file of token ids, or a split of the encyclopedia. */
export type TokenSource =
  | { kind: "text" | "ids"; path: string }
  | { kind: "split"; split: Split };

/** What identifies a text as a model reads it. */
export interface TextFacts {
  /** sha256 of the file, or of the text of the split. */
  sha256: string;
  startToken: StartToken;
}

/** A text as token ids that a model knows. */
export interface TokenText extends TextFacts {
  /** Without start token. */
  ids: Int32Array;
  /** What captions call the text: the name of the file, `encyclopedia test`. */
  label: string;
}

/**
 * Makes the function that reads texts for a model. The tokenizer is loaded for the first text that
 * needs it; ids need none and are taken as they are.
 *
 * @param folder Of the model, with a tokenizer where texts are read.
 * @param place Where start tokens stand; by the rule of {@linkcode chooseStartToken} unless given.
 * @returns A function that throws an {@linkcode InputError} if a file cannot be read, is not what it
 *   should be, or has a token that the model does not know.
 */
export function tokenReader(
  model: Pick<Model, "name" | "architecture">,
  folder: string,
  place?: StartTokenPlace,
): (source: TokenSource) => Promise<TokenText> {
  let loading: Promise<Tokenizer> | undefined;
  return async (source) => {
    const tokenizer = source.kind === "ids" ? undefined : await (loading ??= loadTokenizer(folder));
    const { values, ...origin } = await readSource(source, tokenizer);
    const from = source.kind === "split" ? `the tokenizer of ${folder}` : source.path;
    const startToken = chooseStartToken(model, tokenizer, place);
    return { ...origin, ids: tokenIds(values, model, from), startToken };
  };
}

/** The part of a text that stands for it in records. */
export function textFacts({ sha256, startToken }: TextFacts): TextFacts {
  return { sha256, startToken };
}

/** Where the start token of a text stands, in words. */
export function describeStartToken(startToken: StartToken): string {
  if (startToken.place === "none") return "none";
  const where = startToken.place === "once" ? "once, in front of the text" : "in every window";
  return `${startToken.id} ${where}`;
}

/** The source that an option of a command line names: ids where the file's name ends in .json. */
export function fileSource(path: string): TokenSource {
  return { kind: path.endsWith(".json") ? "ids" : "text", path };
}

async function readSource(
  source: TokenSource,
  tokenizer?: Tokenizer,
): Promise<{ values: ArrayLike<number>; sha256: string; label: string }> {
  if (source.kind === "split") {
    const { ids, hash } = await tokenizeSplit(source.split, tokenizer!);
    return { values: ids, sha256: hash, label: `encyclopedia ${source.split}` };
  }
  const { kind, path } = source;
  const values = kind === "ids" ? await readIds(path) : tokenizer!.encode(await readText(path));
  return { values, sha256: await hashFile(path), label: path.split("/").pop()! };
}

async function readIds(path: string): Promise<number[]> {
  const ids = await readJson(path);
  const action = `read ${path}`;
  const rule = "it must be a JSON array of token ids";
  require(Array.isArray(ids), action, rule, ids);
  const strange = ids.findIndex((id) => !Number.isInteger(id));
  require(strange < 0, action, rule, ids[strange]);
  return ids;
}
