import type { Choices } from "./choices.ts";
import type { Sources } from "./facts.ts";
import type { Filler } from "./grammar.ts";
import type { Gazetteer } from "./names.ts";
import type { Subject } from "./subject.ts";

/** How much weight a word gains in its list each time an article uses it. */
const REINFORCEMENT = 1;

/**
 * What an article has said so far.
 *
 * Facts are drawn when they are first needed, so that the text shows every choice that was made.
 * A word starts with the weight `1 / rank` in its list and gains weight with each use (a Pólya
 * urn): articles keep to a vocabulary of their own.
 */
export class Memory implements Sources, Filler {
  readonly choices: Choices;
  readonly gazetteer: Gazetteer;
  readonly #subject: Pick<Subject, "facts" | "words">;
  readonly #values = new Map<string, string | number>();
  readonly #mentioned = new Set<string>();
  readonly #weights = new Map<string, Float64Array>();

  constructor(
    subject: Pick<Subject, "facts" | "words">,
    choices: Choices,
    gazetteer: Gazetteer,
  ) {
    this.#subject = subject;
    this.choices = choices;
    this.gazetteer = gazetteer;
  }

  readonly value = (fact: string): string | number => {
    const known = this.#values.get(fact);
    if (known !== undefined) return known;
    const value = this.#subject.facts[fact].draw(this);
    this.#values.set(fact, value);
    return value;
  };

  fact(name: string): string {
    this.#mentioned.add(name);
    return this.#subject.facts[name].show(this.value(name));
  }

  /** Whether the text has told all of these facts. */
  mentions(facts: readonly string[]): boolean {
    return facts.every((fact) => this.#mentioned.has(fact));
  }

  word(list: string): string {
    return this.words(list, 1)[0];
  }

  words(list: string, count: number): string[] {
    const words = this.#subject.words[list];
    let weights = this.#weights.get(list);
    if (!weights) {
      weights = Float64Array.from(words, (_, rank) => 1 / (rank + 1));
      this.#weights.set(list, weights);
    }
    const drawn: [index: number, weight: number][] = [];
    while (drawn.length < count) {
      const index = this.choices.weighted(weights);
      drawn.push([index, weights[index]]);
      weights[index] = 0;
    }
    for (const [index, weight] of drawn) weights[index] = weight + REINFORCEMENT;
    return drawn.map(([index]) => words[index]);
  }

  pick<Item>(items: readonly Item[]): Item {
    return this.choices.pick(items);
  }
}
