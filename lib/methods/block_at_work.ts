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

  /** Changes its weights; it is closed meanwhile, for changing takes memory. */
  async rewrite(
    change: (weights: LayerWeights) => LayerWeights | Promise<LayerWeights>,
  ): Promise<void> {
    this[Symbol.dispose]();
    this.#weights = await change(this.#weights);
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}
