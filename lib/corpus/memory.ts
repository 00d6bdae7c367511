import type { Choices } from "./choices.ts";
import type { Facts, Sources } from "./facts.ts";
import { render, type Template } from "./grammar.ts";
import type { Gazetteer } from "./names.ts";

/** Weight of the word of a given rank (Zipf-Mandelbrot), and what each use in an article adds. */
const zipf = (rank: number) => 1 / (rank + 5);
const REINFORCEMENT = 0.15;

/**
 * What an article has said so far.
 *
 * Facts are drawn when they are first needed, so that the text shows every choice that was made.
 * The words of a list follow Zipf's law at first and gain weight with each use (a Pólya urn):
 * articles keep to a vocabulary of their own. No sentence draws the same word twice.
 */
export class Memory implements Sources {
  readonly choices: Choices;
  readonly gazetteer: Gazetteer;
  focus: string | undefined;
  readonly #facts: Facts;
  readonly #lists: Readonly<Record<string, readonly string[]>>;
  readonly #values = new Map<string, string | number>();
  readonly #mentioned = new Set<string>();
  readonly #weights = new Map<string, Float64Array>();
  /** Words of the current sentence, to be put back with more weight. */
  #drawn: { weights: Float64Array; index: number; weight: number }[] = [];

  constructor(
    subject: { facts: Facts; words: Readonly<Record<string, readonly string[]>> },
    choices: Choices,
    gazetteer: Gazetteer,
  ) {
    this.#facts = subject.facts;
    this.#lists = subject.words;
    this.choices = choices;
    this.gazetteer = gazetteer;
  }

  /** Writes one sentence. */
  write(template: Template): string {
    const sentence = render(template, this);
    for (const { weights, index, weight } of this.#drawn) weights[index] = weight + REINFORCEMENT;
    this.#drawn = [];
    return sentence;
  }

  /** Bound, so that facts may take it apart from its memory. */
  readonly value = (fact: string): string | number => {
    const known = this.#values.get(fact);
    if (known !== undefined) return known;
    const value = this.#facts[fact].draw(this);
    this.#values.set(fact, value);
    return value;
  };

  fact(name: string): string {
    const text = this.#facts[name].tell(this.value(name), this);
    this.#mentioned.add(name);
    return text;
  }

  /** A person is mentioned by name; pronouns and surnames (`KEY.he`) need only that. */
  mentions(facts: readonly string[]): boolean {
    return facts.every((fact) => this.#mentioned.has(fact.split(".")[0]));
  }

  reserve(list: string): string {
    const weights = this.#weightsOf(list);
    const index = this.choices.weighted(weights);
    weights[index] = 0;
    return this.#lists[list][index];
  }

  words(list: string, count: number): string[] {
    const weights = this.#weightsOf(list);
    return Array.from({ length: count }, () => {
      const index = this.choices.weighted(weights);
      this.#drawn.push({ weights, index, weight: weights[index] });
      weights[index] = 0;
      return this.#lists[list][index];
    });
  }

  pick<Item>(items: readonly Item[]): Item {
    return this.choices.pick(items);
  }

  #weightsOf(list: string): Float64Array {
    let weights = this.#weights.get(list);
    if (!weights) {
      weights = new Float64Array(this.#lists[list].length).map((_, rank) => zipf(rank));
      this.#weights.set(list, weights);
    }
    return weights;
  }
}
