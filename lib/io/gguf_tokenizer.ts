import { require } from "../core/mod.ts";
import { byteLevelDefinition, cuttings } from "./byte_level.ts";
import {
  addedTokens,
  pieceType,
  type RankedDefinition,
  sentencePieceDefinition,
  vocabularyOf,
} from "./sentence_piece.ts";
import { isNatural } from "./tokenizer_parts.ts";

/** The keys and values of a GGUF file. */
type Metadata = ReadonlyMap<string, unknown>;

/**
 * The tokenizer in the metadata of a GGUF file: byte-level BPE ("gpt2") with the words that
 * `tokenizer.ggml.pre` names, or SentencePiece's BPE ("llama").
 *
 * @param path The file, for the message.
 * @returns The tokenizer.json that says the same and, of SentencePiece's, the ranks of its merges.
 * @throws {InputError} If the metadata describe none, one that is not known, or contradict themselves.
 */
export function ggufTokenizer(
  metadata: Metadata,
  path: string,
): { definition: Record<string, unknown>; merges?: RankedDefinition["merges"] } {
  const keys = new TokenizerKeys(metadata, path);
  const model = keys.oneOf("model", ["gpt2", "llama"]);
  return model === "llama" ? sentencePieceOf(keys) : { definition: byteLevelOf(keys) };
}

/**
 * The tokens that end a text by the metadata of a GGUF file: of the text, of a turn, of a message.
 *
 * @param path The file, for the message.
 * @throws {InputError} If one is no id of a token.
 */
export function ggufEndTokens(metadata: Metadata, path: string): Set<number> {
  const keys = new TokenizerKeys(metadata, path);
  const ids = ["eos", "eot", "eom"].map((name) => keys.id(`${name}_token_id`));
  return new Set(ids.filter((id) => id !== undefined));
}

/**
 * The tokenizer_config.json that goes with the tokenizer of a GGUF file: which tokens have which part, and how a
 * conversation is written.
 *
 * @param path The file, for the message.
 * @throws {InputError} If one is no id of a token.
 */
export function ggufTokenizerConfig(metadata: Metadata, path: string): Record<string, unknown> {
  const keys = new TokenizerKeys(metadata, path);
  const parts = { bos: "bos", eos: "eos", unk: "unknown", pad: "padding" };
  const special = Object.entries(parts).map(([part, name]) => [part, keys.id(`${name}_token_id`)]);
  const template = metadata.get("tokenizer.chat_template");
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...Object.fromEntries(
      special.filter(([, id]) => id !== undefined)
        .map(([part, id]) => [`${part}_token`, keys.tokens[id as number]]),
    ),
    clean_up_tokenization_spaces: false,
    ...typeof template === "string" && { chat_template: template },
  };
}

function byteLevelOf(keys: TokenizerKeys): Record<string, unknown> {
  const cutting = cuttings[keys.oneOf("pre", Object.keys(cuttings))];
  const prefix = keys.flag("add_space_prefix") ?? false;
  require(!prefix, keys.action, keys.rule("add_space_prefix", "must be false for gpt2"), prefix);
  const vocab = vocabularyOf(keys.tokens, keys.action);
  const types = keys.types();
  const edge = (id: number | undefined) =>
    id === undefined ? undefined : { id, content: keys.tokens[id] };
  return byteLevelDefinition({
    cutting,
    vocab,
    merges: keys.merges(vocab),
    added: addedTokens(keys.tokens.map((text, id) => ({ text, type: types[id] }))),
    startToken: edge(keys.edge("bos", cutting.startsText)),
    endToken: edge(keys.edge("eos", false)),
  });
}

function sentencePieceOf(keys: TokenizerKeys): RankedDefinition {
  const extra = keys.flag("remove_extra_whitespaces") ?? false;
  const rule = keys.rule("remove_extra_whitespaces", "must be false: spaces are not removed here");
  require(!extra, keys.action, rule, extra);
  const types = keys.types();
  const scores = keys.scores();
  const unknown = types.indexOf(pieceType.unknown);
  return sentencePieceDefinition({
    pieces: keys.tokens.map((text, id) => ({ text, score: scores[id], type: types[id] })),
    unknown: keys.id("unknown_token_id") ?? (unknown < 0 ? undefined : unknown),
    addSpacePrefix: keys.flag("add_space_prefix") ?? true,
    start: keys.edge("bos", true),
    end: keys.edge("eos", false),
  }, keys.action);
}

/** The keys that begin with `tokenizer.ggml.`, checked where they are read. */
class TokenizerKeys {
  readonly action: string;
  #tokens?: readonly string[];

  constructor(readonly metadata: Metadata, path: string) {
    this.action = `load ${path}`;
  }

  rule(name: string, rule: string): string {
    return `tokenizer.ggml.${name} ${rule}`;
  }

  oneOf(name: string, words: readonly string[]): string {
    const value = this.#get(name);
    const isKnown = typeof value === "string" && words.includes(value);
    this.#require(isKnown, name, `must be one of ${words.join(", ")}`, value);
    return value as string;
  }

  flag(name: string): boolean | undefined {
    const value = this.#get(name);
    const isFlag = value === undefined || typeof value === "boolean";
    this.#require(isFlag, name, "must be true or false", value);
    return value as boolean | undefined;
  }

  /** The id of a token. */
  id(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const last = this.tokens.length - 1;
    this.#require(isNatural(value) && value <= last, name, `must be in 0..${last}`, value);
    return value as number;
  }

  /** The id of the token at one end of a text, unless there is none. */
  edge(name: "bos" | "eos", usual: boolean): number | undefined {
    if (!(this.flag(`add_${name}_token`) ?? usual)) return undefined;
    const id = this.id(`${name}_token_id`);
    this.#require(id !== undefined, `${name}_token_id`, "must say what stands there", id);
    return id;
  }

  get tokens(): readonly string[] {
    return this.#tokens ??= this.#strings("tokens");
  }

  merges(vocab: Record<string, number>): readonly string[] {
    const merges = this.#strings("merges");
    const isToken = (token: string) => Object.hasOwn(vocab, token);
    const strange = merges.find((merge) => {
      const parts = merge.split(" ");
      return parts.length !== 2 || !parts.every(isToken) || !isToken(parts.join(""));
    });
    const rule = "must be two tokens and a space between, whose join is a token";
    this.#require(strange === undefined, "merges", rule, strange);
    return merges;
  }

  types(): ArrayLike<number> & { indexOf(value: number): number } {
    const usual = () => this.tokens.map(() => pieceType.normal);
    return this.#numbers(
      "token_type",
      "integers in 0..6",
      (type) => isNatural(type) && type <= pieceType.byte,
    ) ?? usual();
  }

  scores(): ArrayLike<number> {
    const scores = this.#numbers("scores", "finite numbers", Number.isFinite);
    this.#require(scores !== undefined, "scores", "must be there", undefined);
    return scores!;
  }

  #get(name: string): unknown {
    return this.metadata.get(`tokenizer.ggml.${name}`);
  }

  #require(holds: boolean, name: string, rule: string, value: unknown): void {
    require(holds, this.action, this.rule(name, rule), value ?? null);
  }

  #strings(name: string): readonly string[] {
    const value = this.#get(name);
    const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
    this.#require(isList && value.length > 0, name, "must be strings, at least one", value);
    return value as string[];
  }

  /** A number for each token. */
  #numbers(name: string, kind: string, holds: (value: number) => boolean): number[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    const list = ArrayBuffer.isView(value) || Array.isArray(value)
      ? Array.from(value as ArrayLike<unknown>, Number)
      : [];
    const { length } = this.tokens;
    this.#require(list.length === length, name, `must be ${length} ${kind}`, list.length);
    const strange = list.find((each) => !holds(each));
    this.#require(strange === undefined, name, `must be ${length} ${kind}`, strange);
    return list;
  }
}
