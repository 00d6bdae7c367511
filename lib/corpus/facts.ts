import type { Choices } from "./choices.ts";
import { type Gazetteer, invent, type Place } from "./names.ts";
import { inWords, withThousands } from "./numbers.ts";

/** What a fact may draw on while it is being made up. */
export interface Sources {
  readonly choices: Choices;
  readonly gazetteer: Gazetteer;
  /** The value of another fact of the same article, which is drawn now if it was not before. */
  value(fact: string): string | number;
  /** One word of a list of the article's subject. */
  word(list: string): string;
}

/** Something an article says about its subject: drawn once, then the same throughout. */
export interface Fact {
  draw(sources: Sources): string | number;
  /** How the value is written. */
  show(value: string | number): string;
}

/** Facts by the name under which templates refer to them. */
export type Facts = Record<string, Fact>;

const text = (draw: (sources: Sources) => string): Fact => ({ draw, show: String });

const number = (
  draw: (sources: Sources) => number,
  show: (value: number) => string,
): Fact => ({ draw, show: (value) => show(Number(value)) });

/** A number in low..high, written in digits: years, days, degrees. */
export const integer = (low: number, high: number): Fact =>
  number(({ choices }) => choices.integer(low, high), String);

/** A number in low..high, both below 100, written in words. */
export const count = (low: number, high: number): Fact =>
  number(({ choices }) => choices.integer(low, high), inWords);

/** A multiple of `unit` from low·unit to high·unit, written with marked thousands. */
export const amount = (low: number, high: number, unit = 1): Fact =>
  number(({ choices }) => unit * choices.integer(low, high), withThousands);

/** A number, in digits, that exceeds another fact by low..high: the year something happened later. */
export const beyond = (fact: string, low: number, high: number): Fact =>
  number(({ choices, value }) => Number(value(fact)) + choices.integer(low, high), String);

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
export const word = (list: string): Fact => text((sources) => sources.word(list));

/** Words of several lists, each with a capital letter, after an opening: `The Silver Gate`. */
export const heading = (opening: string, ...lists: string[]): Fact =>
  text((sources) => {
    const words = lists.map((list) => sources.word(list));
    return [opening, ...words.map((word) => word[0].toUpperCase() + word.slice(1))].join(" ");
  });

/** A place that may be known from an earlier article. */
export const place = (kind: Place): Fact => text(({ gazetteer }) => gazetteer.visit(kind));

/** A place that no earlier article knows: the subject of its own. */
export const newPlace = (kind: Place): Fact => text(({ gazetteer }) => gazetteer.found(kind));

/** A made-up name of something that is neither a place nor a person. */
export const named = (kind: "genus" | "epithet" | "instrument"): Fact =>
  text(({ choices }) => invent[kind](choices));

/**
 * A person, as the facts `KEY` (full name), `KEY.first`, `KEY.last`, and the pronouns `KEY.he`,
 * `KEY.his` and `KEY.him`, which agree with the first name.
 */
export function person(key: string): Facts {
  const isFemale = ({ value }: Sources) => value(`${key}.female`) === 1;
  const pronoun = (female: string, male: string): Fact =>
    text((sources) => isFemale(sources) ? female : male);
  return {
    [key]: text(({ value }) => `${value(`${key}.first`)} ${value(`${key}.last`)}`),
    [`${key}.first`]: text((sources) => invent.givenName(sources.choices, isFemale(sources))),
    [`${key}.last`]: text(({ choices }) => invent.surname(choices)),
    [`${key}.female`]: number(({ choices }) => choices.integer(0, 1), String),
    [`${key}.he`]: pronoun("she", "he"),
    [`${key}.his`]: pronoun("her", "his"),
    [`${key}.him`]: pronoun("her", "him"),
  };
}
