import { require, seededRandom } from "../core/mod.ts";
import { writeArticle } from "./article.ts";
import { Choices } from "./choices.ts";
import { Memory } from "./memory.ts";
import { Gazetteer } from "./names.ts";
import { compileSubject } from "./subject.ts";
import { battles } from "./subjects/battles.ts";
import { birds } from "./subjects/birds.ts";
import { bridges } from "./subjects/bridges.ts";
import { common } from "./subjects/common.ts";
import { instruments } from "./subjects/instruments.ts";
import { machines } from "./subjects/machines.ts";
import { people } from "./subjects/people.ts";
import { towns } from "./subjects/towns.ts";

/** How much to generate: a number of articles, or whole articles up to a number of characters. */
export type EncyclopediaSize = { articles: number } | { characters: number };

/** A generated encyclopedia. */
export interface Encyclopedia {
  /** The articles, separated by blank lines, with a line end after the last. ASCII throughout. */
  text: string;
  /** The same articles one by one. */
  articles: string[];
  /**
   * The exact negative log-probability, in nats, of all the choices the generator made.
   *
   * The text is a function of the choices, so this bounds the text's own negative log-probability
   * under the generator from above, and equals it where no other choices give the same text
   * (nearly everywhere: facts are drawn only when told; exceptions are names that two
   * divisions into syllables spell alike). Divided by the number of tokens it is the floor to
   * which a language model's loss on the text can be compared.
   */
  entropy: number;
}

/**
 * Generates an encyclopedia of invented towns, people, birds, bridges, machines, battles and
 * instruments.
 *
 * The language (templates and word lists) is the same for every seed; names, figures and facts are
 * not. Facts are drawn once per article and return hundreds of tokens later, and places return in
 * later articles, so a reader gains from a long context.
 *
 * @param options `seed` in 0..2^32-1, and either the number of `articles` or the least number of
 * `characters`, reached with a whole article; both positive integers.
 * @throws {InputError} If the seed or the size is out of range.
 */
export function generateEncyclopedia(options: { seed: number } & EncyclopediaSize): Encyclopedia {
  const size = "articles" in options ? options.articles : options.characters;
  require(
    Number.isSafeInteger(size) && size > 0,
    "generate an encyclopedia",
    "its size must be a positive integer",
    size,
  );
  const choices = new Choices(seededRandom(options.seed));
  const gazetteer = new Gazetteer(choices);
  const subjects = [towns, people, birds, bridges, machines, battles, instruments]
    .map((subject) => compileSubject(subject, common));
  const articles: string[] = [];
  let progress = 0;
  while (progress < size) {
    const subject = choices.pick(subjects);
    gazetteer.startArticle();
    const article = writeArticle(subject, new Memory(subject, choices, gazetteer));
    articles.push(article);
    progress += "articles" in options ? 1 : article.length + SEPARATOR.length;
  }
  return { text: articles.join(SEPARATOR) + "\n", articles, entropy: choices.nats };
}

const SEPARATOR = "\n\n";
