import { InputError } from "../core/mod.ts";
import type { ScratchFile, StoredFloats } from "../io/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import type { Forwarded } from "./forward.ts";
import { tensorStreams } from "./streams.ts";

/** How {@linkcode FinalStreams} are kept. */
export interface FinalStreamsOptions {
  /** Bytes of them that stay in memory; 1 GiB unless given. */
  budget?: number;
  /** Where further ones lie; they are not kept without. */
  scratch?: ScratchFile;
}

/**
 * What windows have become behind the last block of one model that runs without options. Kept from the
 * first run, so that whatever is compared with the model later needs no more of it than its head.
 */
export class FinalStreams implements Disposable {
  #kept = new Map<Int32Array, Float32Array | StoredFloats>();
  #bytes = 0;
  readonly #budget: number;
  readonly #scratch?: ScratchFile;

  constructor({ budget = tensorStreams, scratch }: FinalStreamsOptions = {}) {
    this.#budget = budget;
    this.#scratch = scratch;
  }

  /** Whether this very array of token ids has been kept. */
  has(window: Int32Array): boolean {
    return this.#kept.has(window);
  }

  /** Keeps what a window has become, where there is room. */
  keep(window: Int32Array, { hidden }: Pick<Forwarded, "hidden">): void {
    if (this.has(window)) return;
    const bytes = 4 * hidden.size;
    if (this.#bytes + bytes <= this.#budget) {
      this.#bytes += bytes;
      this.#kept.set(window, tensorData(hidden).slice());
    } else if (this.#scratch) {
      try {
        this.#kept.set(window, this.#scratch.put(tensorData(hidden)));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        // The disk is full, perhaps: the window will run again.
      }
    }
  }

  /** What a window has become that {@linkcode FinalStreams.has}; run it in `tidy`. */
  at(window: Int32Array): Forwarded {
    const kept = this.#kept.get(window)!;
    const values = kept instanceof Float32Array ? kept : kept.read();
    return {
      hidden: tf.tensor2d(values, [window.length, values.length / window.length]),
      positions: Int32Array.from(window.keys()),
      batch: 1,
      exits: [],
    };
  }

  [Symbol.dispose](): void {
    this.#kept.clear();
    this.#scratch?.[Symbol.dispose]();
  }
}
