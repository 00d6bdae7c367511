import type { Choices } from "./choices.ts";
import { compile, expand, type Filler } from "./grammar.ts";
import type { Gazetteer, Place } from "./names.ts";
import { inWords, withThousands } from "./numbers.ts";

/** What facts are made of: the article in progress. */
export interface Sources extends Filler {
  readonly choices: Choices;
  readonly gazetteer: Gazetteer;
  /** The person last spoken of, whom a pronoun would mean. */
  focus: string | undefined;
  /** The value of another fact of the same article, which is drawn now if it was not before. */
  value(fact: string): string | number;
  /** A word of a list that this article will not use for anything else. */
  reserve(list: string): string;
  /** Whether the text has told all of these facts. */
  mentions(facts: readonly string[]): boolean;
}

/** Something an article says about its subject: drawn once, then the same throughout. */
export interface Fact {
  draw(sources: Sources): string | number;
  /** How the value is written at this place of the text. */
  tell(value: string | number, sources: Sources): string;
}

/** Facts by the name under which templates refer to them. */
export type Facts = Record<string, Fact>;

const text = (draw: (sources: Sources) => string): Fact => ({ draw, tell: String });

const number = (
  draw: (sources: Sources) => number,
  show: (value: number) => string = String,
): Fact => ({ draw, tell: (value) => show(Number(value)) });

/** A number in low..high, written in digits: years, days, degrees. */
export const integer = (low: number, high: number): Fact =>
  number(({ choices }) => choices.integer(low, high));

/** A number in low..high, both below 100, written in words. */
export const count = (low: number, high: number): Fact =>
  number(({ choices }) => choices.integer(low, high), inWords);

/** A multiple of `unit` from low·unit to high·unit, written with marked thousands. */
export const amount = (low: number, high: number, unit = 1): Fact =>
  number(({ choices }) => unit * choices.integer(low, high), withThousands);

/** A number, in digits, that exceeds another fact by low..high: the year something happened later. */
export const beyond = (fact: string, low: number, high: number): Fact =>
  number(({ choices, value }) => Number(value(fact)) + choices.integer(low, high));

const total = (facts: string[], show: (value: number) => string): Fact =>
  number(({ value }) => facts.reduce((sum, fact) => sum + Number(value(fact)), 0), show);

/** The sum of other facts in words; it must stay below 100. */
export const totalCount = (...facts: string[]): Fact => total(facts, inWords);

/** The sum of other facts with marked thousands. */
export const totalAmount = (...facts: string[]): Fact => total(facts, withThousands);

/** What is left of one fact when another is taken away, with marked thousands. */
export const difference = (whole: string, part: string): Fact =>
  number(({ value }) => Number(value(whole)) - Number(value(part)), withThousands);

/** A word of a list. */
export const word = (list: string): Fact => text((sources) => sources.reserve(list));

/** What a template expands to, the same words at every mention. */
export function phrase(source: string): Fact {
  const template = compile(source);
  return text((sources) => expand(template, sources));
}

/** A phrase as a title: every word has a capital letter. */
export function titled(source: string): Fact {
  const template = compile(source);
  return text((sources) =>
    expand(template, sources).replace(/\b[a-z]/g, (letter) => letter.toUpperCase())
  );
}

/** A name made up by one of the inventors of `names.ts`. */
export const named = (invent: (choices: Choices) => string): Fact =>
  text(({ choices }) => invent(choices));

/** A place that may be known from an earlier article. */
export const place = (kind: Place): Fact => text(({ gazetteer }) => gazetteer.visit(kind));

/** A place that no earlier article knows: the subject of its own. */
export const newPlace = (kind: Place): Fact => text(({ gazetteer }) => gazetteer.found(kind));
