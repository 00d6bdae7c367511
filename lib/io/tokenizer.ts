import { Tokenizer as HubTokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import { refuse, require } from "../core/mod.ts";
import { readJson } from "./files.ts";
import { isObject } from "./json.ts";
import { splitWords } from "./word_split.ts";

/** Text to token ids and back. */
export interface Tokenizer {
  /** The ids of a text. No start or end token is added. */
  encode(text: string): Int32Array;
  /** The text of ids, special tokens included. */
  decode(ids: ArrayLike<number>): string;
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** The id that the tokenizer itself puts in front of a text, where it does so. */
  readonly startToken?: number;
}

/**
 * Loads a tokenizer.json.
 *
 * @param path The file or the model folder that has it.
 * @throws {InputError} If there is no such file or it does not describe a known tokenizer.
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const file = path.endsWith(".json") ? path : `${path}/tokenizer.json`;
  const tokenizer = parseTokenizer(await readJson(file), file);
  const vocabularySize = 1 + tokenizer.get_vocab().values().reduce((a, b) => Math.max(a, b), -1);
  return {
    vocabularySize,
    startToken: startToken(tokenizer),
    encode(text) {
      const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: false });
      const unknown = ids.findIndex((id) => id === undefined);
      require(unknown < 0, "encode a text", `${file} must have an id for it`, tokens[unknown]);
      return Int32Array.from(ids);
    },
    decode(ids) {
      const list = Array.from(ids);
      const wrong = list.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
      const rule = `ids must be integers in 0..${vocabularySize - 1}`;
      require(wrong === undefined, "decode ids", rule, wrong);
      if (list.length === 0) return "";
      return tokenizer.decode(list, { clean_up_tokenization_spaces: false });
    },
  };
}

function parseTokenizer(definition: unknown, path: string): HubTokenizer {
  require(isObject(definition), `load ${path}`, "it must be a JSON object", definition);
  try {
    return new HubTokenizer(splitWords(definition), {});
  } catch (error) {
    refuse(`load ${path}`, "it must describe a known tokenizer", (error as Error).message);
  }
}

/** The id that the tokenizer puts in front of a text when it may add special tokens. */
function startToken(tokenizer: HubTokenizer): number | undefined {
  const plain = tokenizer.encode("a", { add_special_tokens: false }).ids;
  const marked = tokenizer.encode("a").ids;
  return marked.length > plain.length && marked[0] !== plain[0] ? marked[0] : undefined;
}
