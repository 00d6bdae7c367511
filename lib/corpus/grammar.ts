import { refuse } from "../core/mod.ts";

/**
 * A sentence with gaps, compiled from text in which
 *
 * - `{fact}` is a fact of the article,
 * - `<list>` is a fresh word of a list, `<2 list>` or `<3 list>` an enumeration of distinct words,
 * - `[this|that]` is one of its alternatives; they may contain gaps and further alternatives.
 */
export interface Template {
  readonly pieces: readonly Piece[];
  /** The facts it mentions, wherever they stand. */
  readonly facts: readonly string[];
  /** The word lists it draws from. */
  readonly lists: readonly string[];
}

type Piece =
  | { kind: "text"; text: string }
  | { kind: "fact"; fact: string }
  | { kind: "words"; list: string; count: number }
  | { kind: "alternatives"; alternatives: Piece[][] };

/** What fills the gaps of a template. */
export interface Filler {
  /** The text of a fact. */
  fact(name: string): string;
  /** `count` distinct words of a list. */
  words(list: string, count: number): string[];
  /** One of several alternatives. */
  pick<Item>(items: readonly Item[]): Item;
}

/**
 * Compiles a template.
 *
 * @throws {InputError} If a bracket is left open or closed twice, or a gap is malformed.
 */
export function compile(source: string): Template {
  const facts: string[] = [];
  const lists: string[] = [];
  const tokens = source.match(/\{[^{}<>[\]|]*\}|<[^{}<>[\]|]*>|[[\]|]|[^{}<>[\]|]+|[{}<>]/g) ?? [];
  let next = 0;

  function sequence(depth: number): Piece[] {
    const pieces: Piece[] = [];
    for (; next < tokens.length; next++) {
      const token = tokens[next];
      if (depth > 0 && (token === "|" || token === "]")) return pieces;
      pieces.push(piece(token, depth));
    }
    if (depth > 0) refuse("compile a template", "brackets must be closed", source);
    return pieces;
  }

  function piece(token: string, depth: number): Piece {
    if (token === "[") {
      const alternatives: Piece[][] = [];
      do {
        next++;
        alternatives.push(sequence(depth + 1));
      } while (tokens[next] === "|");
      return { kind: "alternatives", alternatives };
    }
    const gap = token.match(/^(?:\{([\w.]+)\}|<(?:([23]) )?(\w+)>)$/);
    if (gap?.[1]) {
      facts.push(gap[1]);
      return { kind: "fact", fact: gap[1] };
    }
    if (gap) {
      lists.push(gap[3]);
      return { kind: "words", list: gap[3], count: Number(gap[2] ?? 1) };
    }
    if (/[{}<>[\]|]/.test(token)) {
      refuse("compile a template", "gaps must read {fact}, <list> or [this|that]", source);
    }
    return { kind: "text", text: token };
  }

  return { pieces: sequence(0), facts, lists };
}

/** Fills the gaps of a template, sets capitals and chooses between `a` and `an`. */
export function render(template: Template, filler: Filler): string {
  return polish(expand(template, filler));
}

/** Fills the gaps of a template that is a part of a sentence. */
export function expand(template: Template, filler: Filler): string {
  return fill(template.pieces, filler);
}

function fill(pieces: readonly Piece[], filler: Filler): string {
  let text = "";
  for (const piece of pieces) {
    if (piece.kind === "text") text += piece.text;
    else if (piece.kind === "fact") text += filler.fact(piece.fact);
    else if (piece.kind === "words") text += enumerate(filler.words(piece.list, piece.count));
    else text += fill(filler.pick(piece.alternatives), filler);
  }
  return text;
}

/** `a`, `a and b`, `a, b and c`. */
function enumerate(words: string[]): string {
  const last = words[words.length - 1];
  return words.length === 1 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

const BEFORE_VOWEL = /\b([Aa]) (?=(?!one\b|eu|uni|us[eu]|uti)[aeiou]|8|1[18]\b)/gi;
const SENTENCE_START = /(^|[.?!] )([a-z])/g;

function polish(text: string): string {
  return text
    .replace(BEFORE_VOWEL, "$1n ")
    .replace(SENTENCE_START, (_, before, letter) => before + letter.toUpperCase());
}
