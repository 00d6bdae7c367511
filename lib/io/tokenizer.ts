import { BPE, Tokenizer as HubTokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import v8 from "node:v8";
import { InputError, refuse, require } from "../core/mod.ts";
import { isObject } from "./json.ts";
import { cutWordsByUnicode, keepByteOrderMarks, withPatterns } from "./library_faults.ts";
import { withinSeconds } from "./time_limit.ts";
import { tokenIdsOf } from "./tokenizer_ids.ts";
import type { RankedMerge } from "./sentence_piece.ts";
import { checkParts } from "./tokenizer_parts.ts";
import { readTokenizerSource } from "./tokenizer_source.ts";
import { splitWords } from "./word_split.ts";

/** Text to token ids and back. */
export interface Tokenizer {
  /**
   * The ids of a text. No start or end token is added.
   *
   * @throws {InputError} If a part of the text has no id, or if the text is too long for the memory or,
   *   with the regular expressions of this tokenizer, for any reasonable time.
   */
  encode(text: string): Int32Array;
  /**
   * The text of ids, special tokens included.
   *
   * @throws {InputError} If the tokenizer has no such id.
   */
  decode(ids: ArrayLike<number>): string;
  /** Every id that stands for a token; there may be gaps. */
  readonly ids: ReadonlySet<number>;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** The id that the tokenizer itself puts in front of a text, where it does so. */
  readonly startToken?: number;
}

/**
 * Several times what the slowest text, a single word, and the largest vocabulary took on a busy
 * machine: for each character, token or merge.
 */
const time = { seconds: 5, secondsPerItem: 50e-6 };

/** What has to be done in that time, whatever expressions a file has. */
const ruleOf = {
  loading: "its vocabulary must be taken in and its regular expressions must come to an end",
  running: "its regular expressions must come to an end",
};

/** What the merging of a word and the splitting of a text take at most, measured on texts of 10^7. */
const bytesPerCharacter = { ofWord: 300, ofText: 60 };

/**
 * Loads a tokenizer: a tokenizer.json, vocab.json with merges.txt, or what a GGUF file says of it.
 *
 * @param path A tokenizer.json, a GGUF file or the folder of a model.
 * @throws {InputError} If there is no such file, it does not describe a known tokenizer, or its ids
 *   contradict each other.
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const { file, definition, merges } = await readTokenizerSource(path);
  const action = `load ${file}`;
  require(isObject(definition), action, "it must be a JSON object", definition);
  checkParts(definition, action);
  const ids = new Set(tokenIdsOf(definition, action).values());
  const size = ids.size + mergesOf(definition);
  const tokenizer = translated(action, ruleOf.loading, size, () => (
    new HubTokenizer(splitWords(withPatterns(definition), merges?.map(({ pair }) => pair)), {})
  ));
  if (merges !== undefined) rankMerges(tokenizer, merges);
  cutWordsByUnicode(tokenizer);
  keepByteOrderMarks(tokenizer);
  const encodeAction = `encode a text with ${file}`;
  limitWords(tokenizer, encodeAction);
  return {
    ids,
    vocabularySize: 1 + ids.values().reduce((a, b) => Math.max(a, b), -1),
    startToken: translated(action, ruleOf.running, 0, () => startToken(tokenizer)),
    encode(text) {
      const longest = Math.floor(memory() / bytesPerCharacter.ofText);
      const rule = `it must have at most ${longest} characters, which fit in memory`;
      require(text.length <= longest, encodeAction, rule, text.length);
      return translated(encodeAction, ruleOf.running, text.length, () => {
        const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: false });
        const unknown = ids.findIndex((id) => id === undefined);
        require(unknown < 0, encodeAction, "it must have an id for every token", tokens[unknown]);
        return Int32Array.from(ids);
      });
    },
    decode(values) {
      const action = `decode ids with ${file}`;
      const list = Array.from(values);
      const strange = list.find((id) => !ids.has(id));
      require(strange === undefined, action, "it must have a token for each", strange);
      if (list.length === 0) return "";
      const options = { clean_up_tokenization_spaces: false };
      return translated(
        action,
        ruleOf.running,
        list.length,
        () => tokenizer.decode(list, options),
      );
    },
  };
}

/**
 * Lets the library work on a tokenizer or a text from a file, in limited time: whatever it throws is
 * to be blamed on them.
 *
 * @param items How many characters, tokens or merges there are to work on.
 */
function translated<Result>(
  action: string,
  rule: string,
  items: number,
  work: () => Result,
): Result {
  const seconds = time.seconds + time.secondsPerItem * items;
  try {
    return withinSeconds(seconds, action, rule, work);
  } catch (error) {
    if (error instanceof InputError) throw error;
    refuse(
      action,
      "it must describe a working tokenizer",
      (error as Error).message,
    );
  }
}

/** How many merges a definition has, of those that have any. */
function mergesOf({ model }: Record<string, unknown>): number {
  const { merges } = model as { merges?: unknown };
  return Array.isArray(merges) ? merges.length : 0;
}

/** Has the model merge by these ranks instead of the places in its list. */
function rankMerges({ model }: HubTokenizer, merges: readonly RankedMerge[]): void {
  const ranks = new Map(merges.map(({ pair, rank }) => [JSON.stringify(pair), rank]));
  if (model instanceof BPE) model.bpe_ranks = ranks;
}

/** Has the model refuse a word whose merging does not fit in memory: its end would be the process's. */
function limitWords({ model }: HubTokenizer, action: string): void {
  if (model === null) return;
  const encode = model.encode.bind(model);
  model.encode = (words) => {
    const longest = Math.floor(memory() / bytesPerCharacter.ofWord);
    const word = words.find(({ length }) => length > longest);
    const rule = `a word must have at most ${longest} characters, which fit in memory`;
    require(word === undefined, action, rule, word?.length);
    return encode(words);
  };
}

/** Bytes that JavaScript's values may take. */
function memory(): number {
  return v8.getHeapStatistics().heap_size_limit;
}

/** The id that the tokenizer puts in front of a text when it may add special tokens. */
function startToken({ post_processor: process, model }: HubTokenizer): number | undefined {
  const text = ["\0"]; // no token
  const [first] = process?.post_process(text, null, true).tokens ?? text;
  return first === text[0] ? undefined : model?.tokens_to_ids.get(first);
}
