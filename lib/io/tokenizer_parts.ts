/** What the parts of a tokenizer.json may hold: those that the tokenizer library implements. */
import { require } from "../core/mod.ts";
import { isObject } from "./json.ts";

/** What a field must be. */
interface Kind {
  rule: string;
  holds(value: unknown): boolean;
}

/** The fields of a part that matter, each with its kind, or with the parts that it lists. */
type Fields = Record<string, Kind | Parts>;

/** The parts that can stand in one place, by their type. */
interface Parts {
  types: Record<string, Fields>;
}

const text: Kind = { rule: "a string", holds: (value) => typeof value === "string" };
const character: Kind = {
  rule: "one character",
  holds: (value) => typeof value === "string" && Array.from(value).length === 1,
};
const flag: Kind = { rule: "true or false", holds: (value) => typeof value === "boolean" };
const count: Kind = { rule: "an integer of 0 or more", holds: isNatural };
const positive: Kind = {
  rule: "an integer of 1 or more",
  holds: (value) => isNatural(value) && value > 0,
};
const pattern: Kind = {
  rule: "an object of one string, String or Regex",
  holds: (value) =>
    isObject(value) && Object.keys(value).length === 1 &&
    typeof (value.String ?? value.Regex) === "string",
};
const oneOf = (...words: string[]): Kind => ({
  rule: words.join(" or "),
  holds: (value) => words.includes(value as string),
});
const optional = ({ rule, holds }: Kind): Kind => ({
  rule: `${rule}, if it is there`,
  holds: (value) => value === undefined || value === null || holds(value),
});
const none = optional({ rule: "empty", holds: (value) => value === "" });

const normalizers: Parts = {
  types: {
    BertNormalizer: {
      clean_text: optional(flag),
      handle_chinese_chars: optional(flag),
      strip_accents: optional(flag),
      lowercase: optional(flag),
    },
    Lowercase: {},
    NFC: {},
    NFD: {},
    NFKC: {},
    NFKD: {},
    Precompiled: {},
    Prepend: { prepend: text },
    Replace: { pattern, content: text },
    Strip: { strip_left: optional(flag), strip_right: optional(flag) },
    StripAccents: {},
  },
};
normalizers.types.Sequence = { normalizers };

const preTokenizers: Parts = {
  types: {
    BertPreTokenizer: {},
    ByteLevel: { add_prefix_space: optional(flag), use_regex: optional(flag) },
    Digits: { individual_digits: optional(flag) },
    FixedLength: { length: positive },
    Metaspace: {
      replacement: optional(character),
      split: optional(flag),
      str_rep: optional(text),
      prepend_scheme: optional(oneOf("always", "first", "never")),
    },
    Punctuation: { behavior: oneOf("Contiguous") },
    Replace: { pattern, content: text },
    Split: { pattern, behavior: oneOf("Isolated", "Removed"), invert: flag },
    Whitespace: {},
    WhitespaceSplit: {},
  },
};
preTokenizers.types.Sequence = { pretokenizers: preTokenizers };

const decoders: Parts = {
  types: {
    BPEDecoder: { suffix: optional(text) },
    ByteFallback: {},
    ByteLevel: {},
    CTC: {
      pad_token: optional(text),
      word_delimiter_token: optional(text),
      cleanup: optional(flag),
    },
    Fuse: {},
    Metaspace: { replacement: optional(text) },
    Replace: { pattern, content: text },
    Strip: { content: text, start: count, stop: count },
    WordPiece: { prefix: text, cleanup: optional(flag) },
  },
};
decoders.types.Sequence = { decoders };

const tokenAndId: Kind = {
  rule: "a pair of a token and an id",
  holds: (value) => Array.isArray(value) && value.length === 2 && typeof value[0] === "string",
};
const template: Kind = {
  rule: "a list of SpecialToken and Sequence A",
  holds: (value) => Array.isArray(value) && value.every(isTemplateItem),
};
const object: Kind = { rule: "an object", holds: isObject };

const postProcessors: Parts = {
  types: {
    BertProcessing: { sep: tokenAndId, cls: tokenAndId },
    ByteLevel: {},
    RobertaProcessing: { sep: tokenAndId, cls: tokenAndId },
    TemplateProcessing: { single: template, special_tokens: object },
  },
};
postProcessors.types.Sequence = { processors: postProcessors };

/** The vocabulary, the merges and the ids among the fields are checked in `tokenizer_ids.ts`. */
const models: Parts = {
  types: {
    BPE: {
      unk_token: optional(text),
      continuing_subword_prefix: none,
      continuing_subword_suffix: optional(text),
      end_of_word_suffix: optional(text),
      fuse_unk: optional(flag),
      byte_fallback: optional(flag),
      ignore_merges: optional(flag),
    },
    Unigram: { unk_id: optional(count) },
    WordLevel: { unk_token: optional(text) },
    WordPiece: {
      unk_token: text,
      continuing_subword_prefix: text,
      max_input_chars_per_word: optional(positive),
    },
  },
};

const optionalParts: Record<string, Parts> = {
  normalizer: normalizers,
  pre_tokenizer: preTokenizers,
  post_processor: postProcessors,
  decoder: decoders,
};

/**
 * Refuses a tokenizer with a part that is unknown or holds what it may not. Nothing is coerced: the
 * library would take any string for true, and never come to the end with pieces of length 0.
 *
 * @param definition A parsed tokenizer.json.
 * @param action What is refused, for the message.
 */
export function checkParts(definition: Record<string, unknown>, action: string): void {
  checkPart(definition.model, models, "model", action);
  for (const [name, parts] of Object.entries(optionalParts)) {
    const part = definition[name] ?? null;
    if (part !== null) checkPart(part, parts, name, action);
  }
}

function checkPart(part: unknown, { types }: Parts, path: string, action: string): void {
  require(isObject(part), action, `${path} must be an object`, part ?? null);
  const { type } = part;
  const isKnown = typeof type === "string" && Object.hasOwn(types, type);
  const rule = `${path}.type must be one of ${Object.keys(types).join(", ")}`;
  require(isKnown, action, rule, type ?? null);
  const fields = types[type];
  for (const [name, kind] of Object.entries(fields)) {
    const [field, value] = [`${path}.${name}`, part[name]];
    if ("holds" in kind) {
      require(kind.holds(value), action, `${field} must be ${kind.rule}`, value ?? null);
    } else {
      require(Array.isArray(value), action, `${field} must be a list`, value ?? null);
      value.forEach((each, index) => checkPart(each, kind, `${field}[${index}]`, action));
    }
  }
}

/** Whether this is the text itself or one special token. */
function isTemplateItem(item: unknown): boolean {
  if (!isObject(item) || Object.keys(item).length !== 1) return false;
  const { SpecialToken: token, Sequence: sequence } = item;
  return isObject(token) ? typeof token.id === "string" : isObject(sequence) && sequence.id === "A";
}

/** Whether a value is an integer of 0 or more that a float64 holds exactly. */
export function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}
