import type { Random } from "../core/mod.ts";

/**
 * A source of random choices that knows how improbable they were.
 *
 * Every method draws once from its distribution and adds `-ln p` of the outcome to
 * {@linkcode Choices.nats}. By the chain rule the sum is the negative log-probability of the whole
 * sequence of choices.
 */
export class Choices {
  readonly #random: Random;
  #nats = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The negative log-probability of all choices so far, in nats. */
  get nats(): number {
    return this.#nats;
  }

  /** An integer in low..high, both included, all equally likely. */
  integer(low: number, high: number): number {
    this.#nats += Math.log(high - low + 1);
    return this.#random.integer(low, high);
  }

  /** One of the items, all equally likely. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.integer(0, items.length - 1)];
  }

  /** True with the given probability. */
  coin(probability: number): boolean {
    const heads = this.#random.uniform() < probability;
    this.#nats -= Math.log(heads ? probability : 1 - probability);
    return heads;
  }

  /** An index, drawn in proportion to `weights` (not negative, at least one positive). */
  weighted(weights: ArrayLike<number>): number {
    let total = 0;
    for (let index = 0; index < weights.length; index++) total += weights[index];
    let left = this.#random.uniform() * total;
    let chosen = 0;
    for (let index = 0; index < weights.length && left >= 0; index++) {
      if (weights[index] === 0) continue;
      chosen = index;
      left -= weights[index];
    }
    this.#nats -= Math.log(weights[chosen] / total);
    return chosen;
  }

  /** `count` of the items in their own order; all subsets of that size are equally likely. */
  subset<Item>(items: readonly Item[], count: number): Item[] {
    const chosen: Item[] = [];
    items.forEach((item, index) => {
      const needed = Math.min(count, items.length) - chosen.length;
      if (this.coin(needed / (items.length - index))) chosen.push(item);
    });
    return chosen;
  }
}
