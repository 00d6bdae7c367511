import { refuse, require } from "../../lib/core/mod.ts";
import {
  hashFile,
  hasRows,
  joinRows,
  loadTokenizer,
  readJson,
  readRows,
  readText,
  type Tokenizer,
  tokenizerFiles,
  tokenizerHint,
} from "../../lib/io/mod.ts";
import {
  chooseStartToken,
  type Model,
  type StartToken,
  type StartTokenPlace,
} from "../../lib/model/mod.ts";
import { type DatasetFacts, type DatasetSource, type Draw, readDataset } from "./dataset_text.ts";
import { type Split, tokenizeSplit } from "./encyclopedia.ts";
import type { PublishedCount } from "./published_counts.ts";
import { tokenIds } from "./token_ids.ts";

/**
 * Where tokens come from: a text file, a file of texts in rows, a JSON file of token ids, a part of a data
 * set of the hub, or a split of the encyclopedia.
 */
export type TokenSource =
  | { kind: "text" | "rows" | "ids"; path: string }
  | { kind: "dataset" } & DatasetSource
  | { kind: "split"; split: Split };

/** What identifies a text as a model reads it. */
export interface TextFacts {
  /** sha256 of the file, or of the text that was made of it. */
  sha256: string;
  startToken: StartToken;
  /** Of a part of a data set. */
  dataset?: DatasetFacts;
}

/** A text as token ids that a model knows. */
export interface TokenText extends TextFacts {
  /** Without start token. */
  ids: Int32Array;
  /**
   * What captions call the text: the name of the file, `wikitext2 test`, `encyclopedia test`; of a file with
   * words that are missing also how many, `valid.txt (11718 <unk>)`.
   */
  label: string;
  /** Windows that have been drawn from many texts, start tokens included; the ids are then theirs. */
  drawn?: Int32Array[];
  /** What is known of the text from published figures. */
  published?: PublishedCount;
}

/** What a model without tokenizer breaks, and what to do; which option is said behind it. */
export const builtInRule = "the built-in text needs a tokenizer: name another";

/**
 * Makes the function that reads texts for a model. The tokenizer is loaded for the first text that
 * needs it; ids need none and are taken as they are.
 *
 * @param folder Of the model, with a tokenizer where texts are read.
 * @param place Where start tokens stand; by the rule of {@linkcode chooseStartToken} unless given.
 * @returns A function that reads a source, and of a data set draws windows, which it must be told. It
 *   throws an {@linkcode InputError} if a file cannot be read, is not what it should be, or has a token that
 *   the model does not know.
 */
export function tokenReader(
  model: Pick<Model, "name" | "architecture">,
  folder: string,
  place?: StartTokenPlace,
): (source: TokenSource, draw?: Draw) => Promise<TokenText> {
  let loading: Promise<Tokenizer> | undefined;
  const load = async (source: TokenSource): Promise<Tokenizer> => {
    if (source.kind === "split" && (await tokenizerFiles(folder)).length === 0) {
      const [action, flag] = source.split === "test"
        ? ["test", "--ids"]
        : ["calibrate", "--calibration"];
      const rule = `${builtInRule} with ${flag}${await tokenizerHint(folder)}`;
      refuse(`${action} ${model.name}`, rule);
    }
    return await (loading ??= loadTokenizer(folder));
  };
  return async (source, draw) => {
    const tokenizer = source.kind === "ids" ? undefined : await load(source);
    const startToken = chooseStartToken(model, tokenizer, place);
    const { ids, ...origin } = source.kind === "dataset"
      ? await readDataset(source, tokenizer!, startToken, draw!)
      : await readSource(source, tokenizer);
    const from = source.kind === "split" ? `the tokenizer of ${folder}` : source.path;
    return { ...origin, ids: tokenIds(ids, model, from), startToken };
  };
}

/** The part of a text that stands for it in records. */
export function textFacts({ sha256, startToken, dataset }: TextFacts): TextFacts {
  return { sha256, startToken, ...dataset && { dataset } };
}

/** Where the start token of a text stands, in words. */
export function describeStartToken(startToken: StartToken): string {
  if (startToken.place === "none") return "none";
  const where = startToken.place === "once" ? "once, in front of the text" : "in every window";
  return `${startToken.id} ${where}`;
}

/** What a file has by its name, where .json is one of token ids. */
export function fileSource(path: string): TokenSource {
  return path.endsWith(".json") ? { kind: "ids", path } : rowSource(path);
}

/** What a file has by its name, where .json is one of texts in rows. */
export function rowSource(path: string): TokenSource {
  return { kind: hasRows(path) ? "rows" : "text", path };
}

async function readSource(
  source: Exclude<TokenSource, { kind: "dataset" }>,
  tokenizer?: Tokenizer,
): Promise<{ ids: ArrayLike<number>; sha256: string; label: string }> {
  if (source.kind === "split") {
    const { ids, hash } = await tokenizeSplit(source.split, tokenizer!);
    return { ids, sha256: hash, label: `encyclopedia ${source.split}` };
  }
  const { kind, path } = source;
  const label = path.split("/").pop()!;
  if (kind === "ids") return { ids: await readIds(path), sha256: await hashFile(path), label };
  const text = kind === "rows" ? await readRowText(path) : await readText(path);
  return {
    ids: tokenizer!.encode(text),
    sha256: await hashFile(path),
    label: `${label}${unknownWords(text)}`,
  };
}

/** How many words of a text are missing, as releases of data sets by words have it; nothing without any. */
function unknownWords(text: string): string {
  const count = text.split("<unk>").length - 1;
  return count > 0 ? ` (${count} <unk>)` : "";
}

/** Rows as one text, in the way that GPTQ joins those of WikiText-2. */
async function readRowText(path: string): Promise<string> {
  return joinRows(await readRows(path), "\n\n", path);
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
