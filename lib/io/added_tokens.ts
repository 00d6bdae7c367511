import { require } from "../core/mod.ts";
import { type AddedToken, plainToken } from "./byte_level.ts";
import { isObject } from "./json.ts";
import { isNatural } from "./tokenizer_parts.ts";

/** The tokens that have a name, each with what GPT-2's tokenizer takes where files say nothing. */
export const namedTokens = {
  bos_token: "<|endoftext|>",
  eos_token: "<|endoftext|>",
  unk_token: "<|endoftext|>",
  sep_token: null,
  pad_token: null,
  cls_token: null,
  mask_token: null,
};

/**
 * The tokens that are found in a text before anything else, gathered from several files.
 *
 * @throws {InputError} In every method, if what a file says is none or contradicts another.
 */
export class AddedTokens {
  readonly #tokens = new Map<string, AddedToken>();

  constructor(readonly vocab: Record<string, number>) {}

  get(content: string): AddedToken | undefined {
    return this.#tokens.get(content);
  }

  list(): AddedToken[] {
    return [...this.#tokens.values()].sort((a, b) => a.id - b.id);
  }

  /** Adds one, or what another file says of it. Ids are checked where all are known. */
  add(token: { content: string; id?: unknown; special: boolean }, action: string): void {
    const known = this.#tokens.get(token.content);
    const own = Object.hasOwn(this.vocab, token.content) ? this.vocab[token.content] : undefined;
    const id = token.id ?? known?.id ?? own;
    const name = JSON.stringify(token.content);
    require(id !== undefined, action, `a file must give ${name} an id`);
    require(isNatural(id), action, `the id of ${name} must be an integer of 0 or more`, id);
    const said = known?.id ?? own ?? id;
    require(id === said, action, `the id of ${name} must be ${said}, as another file says`, id);
    this.#tokens.set(token.content, {
      ...plainToken,
      ...known,
      ...token,
      id,
      special: token.special || (known?.special ?? false),
    });
  }

  /** Those that tokenizer_config.json lists by id. */
  addListed(listed: unknown, action: string): void {
    if (listed === undefined) return;
    const rule = "added_tokens_decoder must be an object of ids and tokens";
    require(isObject(listed), action, rule, listed);
    for (const [id, token] of Object.entries(listed)) {
      require(isObject(token) && typeof token.content === "string", action, rule, token);
      this.#addObject({ ...token, id: Number(id) }, token.special === true, action);
    }
  }

  /** Those that have a name: each is special. */
  addNamed(map: Record<string, unknown>, action: string): void {
    const several = map.additional_special_tokens ?? [];
    const rule = "additional_special_tokens must be a list of tokens";
    require(Array.isArray(several), action, rule, several);
    const named = Object.keys(namedTokens).map((key) => [key, map[key] ?? null] as const)
      .filter(([, token]) => token !== null);
    const all = several.map((token) => ["additional_special_tokens", token] as const);
    for (const [key, token] of [...named, ...all]) {
      const content = contentOf(token);
      require(content !== undefined, action, `${key} must be a token or an object of one`, token);
      this.#addObject(isObject(token) ? token : { content }, true, action);
    }
  }

  #addObject(token: Record<string, unknown>, special: boolean, action: string): void {
    const content = token.content as string;
    const flags: Record<string, boolean> = {};
    for (const flag of ["lstrip", "rstrip", "single_word", "normalized"]) {
      if (token[flag] !== undefined) flags[flag] = readFlag(token, flag, action);
    }
    this.add({ content, ...("id" in token ? { id: token.id } : {}), ...flags, special }, action);
  }
}

/** The text of a token that is written as such or as an object; undefined of anything else. */
export function contentOf(token: unknown): string | undefined {
  const content = isObject(token) ? token.content : token;
  return typeof content === "string" ? content : undefined;
}

/** A field that is true or false, false unless it is there. */
export function readFlag(config: Record<string, unknown>, name: string, action: string): boolean {
  const value = config[name] ?? false;
  require(typeof value === "boolean", action, `${name} must be true or false`, value);
  return value;
}
