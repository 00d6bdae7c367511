import { type Block, blockOf, type LayerWeights } from "../model/mod.ts";

/** A block that passes rewrite; opened when asked for, as often as it changes. Dispose of it when done. */
export class BlockAtWork implements Disposable {
  #open?: Block;
  #weights: LayerWeights;

  constructor(readonly original: LayerWeights, readonly layer: number) {
    this.#weights = original;
  }

  get weights(): LayerWeights {
    return this.#weights;
  }

  get block(): Block {
    return this.#open ??= blockOf(this.#weights, this.layer);
  }

  rewrite(weights: LayerWeights): void {
    this[Symbol.dispose]();
    this.#weights = weights;
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}
