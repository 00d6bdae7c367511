import { type Block, blockOf, type LayerWeights } from "../model/mod.ts";

/** A block that passes rewrite; opened when asked for, as often as it changes. Dispose of it when done. */
export class BlockAtWork implements Disposable {
  #open?: Block;
  #weights: LayerWeights;
  #original?: LayerWeights;

  /** @param keepsOriginal Whether {@linkcode original} is wanted once it is rewritten. */
  constructor(original: LayerWeights, readonly layer: number, readonly keepsOriginal = true) {
    this.#weights = original;
    this.#original = original;
  }

  /** What it was before any pass; undefined once it is rewritten, unless that is to be kept. */
  get original(): LayerWeights | undefined {
    return this.#original;
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
    if (!this.keepsOriginal) this.#original = undefined;
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}
