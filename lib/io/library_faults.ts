/**
 * Where @huggingface/tokenizers 0.2.0 reads a tokenizer.json otherwise than the library that its format
 * is from (`tokenizers` for Rust and Python, 0.23), and what makes it do the same.
 *
 * In regular expressions of JavaScript `\s` is not Unicode's white space (it has U+FEFF and lacks
 * U+0085), and `\d` and `\w` know ASCII alone. Patterns that a file writes out the library translates,
 * but not those of its own. It also never splits at the marks of spaces.
 */
import {
  ByteFallbackDecoder,
  ByteLevelPreTokenizer,
  SequenceDecoder,
  SequencePreTokenizer,
  type Tokenizer,
} from "npm:@huggingface/tokenizers@0.2.0";
import { isObject } from "./json.ts";

type Part = Record<string, unknown>;

/** GPT-2's pattern. */
const words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** What is `\w` to Unicode. */
const inWords = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

/** Has byte-level tokenizers cut words by Unicode's white space. */
export function cutWordsByUnicode({ pre_tokenizer: part }: Pick<Tokenizer, "pre_tokenizer">): void {
  const parts = part instanceof SequencePreTokenizer ? part.tokenizers : [part];
  for (const each of parts) {
    if (each instanceof ByteLevelPreTokenizer) each.pattern = words;
    else if (each instanceof SequencePreTokenizer) cutWordsByUnicode({ pre_tokenizer: each });
  }
}

/**
 * Writes out the patterns of the other pre-tokenizers that have some, and where marks of spaces split.
 *
 * @param definition A tokenizer.json whose parts are sound.
 */
export function withPatterns(definition: Part): Part {
  const { pre_tokenizer: part } = definition;
  return isObject(part) ? { ...definition, pre_tokenizer: writtenOut(part) } : definition;
}

function writtenOut(part: Part): Part {
  switch (part.type) {
    case "Sequence":
      return sequence(...(part.pretokenizers as Part[]).map(writtenOut));
    case "Digits":
      return split(part.individual_digits ? "\\p{N}" : "\\p{N}+");
    case "Whitespace":
      return split(`[${inWords}]+|[^${inWords}\\s]+`, { behavior: "Removed", invert: true });
    case "WhitespaceSplit":
      return split("\\s+", { behavior: "Removed" });
    case "BertPreTokenizer":
      return sequence(
        split("\\s+", { behavior: "Removed" }),
        split("[\\p{P}!-/:-@\\[-`{-~]"),
      );
    case "Metaspace":
      return part.split === false ? part : sequence(part, split(spacedWords(part.replacement)));
    default:
      return part;
  }
}

/** A word with at most one mark of a space, in front; the library does not split there. */
function spacedWords(mark: unknown): string {
  const code = String(mark ?? "\u2581").codePointAt(0)!.toString(16);
  return `\\x{${code}}?[^\\x{${code}}]+|\\x{${code}}`;
}

function sequence(...pretokenizers: Part[]): Part {
  return { type: "Sequence", pretokenizers };
}

function split(regex: string, how: { behavior?: string; invert?: boolean } = {}): Part {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false, ...how };
}

/** Keeps a byte order mark that is written in bytes: `TextDecoder` takes one in front for no text. */
export function keepByteOrderMarks({ decoder }: Pick<Tokenizer, "decoder">): void {
  const parts = decoder instanceof SequenceDecoder ? decoder.decoders : [decoder];
  for (const part of parts) {
    if (part instanceof ByteFallbackDecoder) {
      part.text_decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    }
  }
}
