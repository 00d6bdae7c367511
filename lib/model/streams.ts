import { tensorData, tf, tidy } from "../tensor/mod.ts";
import { type BlockOptions, type ForwardOptions, runBlock } from "./block.ts";
import { embedTokens } from "./embedding.ts";
import type { Forwarded } from "./forward.ts";
import type { HeadOwner } from "./head.ts";
import type { Block } from "./open_block.ts";

/** Bytes of streams that stay in the memory of tensors; further ones wait outside of it. */
const tensorBudget = 2 ** 30;

/** A stream that waits outside of the memory of tensors. */
interface Waiting extends Omit<Forwarded, "hidden"> {
  values: Float32Array;
  shape: [rows: number, channels: number];
}

/** How streams are kept. */
export interface StreamsOptions {
  /** Bytes of them that stay in the memory of tensors; 1 GiB unless given. */
  budget?: number;
  /** The number by which hooks know the first window; 0 unless given. */
  first?: number;
}

/** The residual streams of windows that pass the blocks together. Dispose of it when done. */
export class Streams implements Disposable {
  #streams: (Forwarded | Waiting)[] = [];
  readonly #first: number;

  /**
   * The streams before the first block.
   *
   * @param owner What embeds tokens.
   * @throws {InputError} If the model cannot run one of the windows.
   */
  constructor(
    readonly owner: HeadOwner,
    windows: readonly Int32Array[],
    { budget = tensorBudget, first = 0 }: StreamsOptions = {},
  ) {
    this.#first = first;
    using opened = new DisposableStack();
    opened.use(this);
    let bytes = 0;
    for (const window of windows) {
      const start = tidy(() => embedTokens(owner.architecture, owner.outer, window));
      bytes += 4 * start.hidden.size;
      const stream = { ...start, exits: [] };
      this.#streams.push(bytes <= budget ? stream : wait(stream));
    }
    opened.move();
  }

  /** How many there are. */
  get length(): number {
    return this.#streams.length;
  }

  /** Runs a stream through a block for what hooks see there; the stream stays before the block. */
  look(index: number, block: Block, options?: ForwardOptions): void {
    const stream = this.#streams[index];
    tidy(() => {
      runBlock(this.owner.architecture, block, resume(stream), this.#numbered(index, options));
    });
  }

  /** Takes a stream through a block. */
  advance(index: number, block: Block, options?: ForwardOptions): void {
    const before = this.#streams[index];
    const after = tidy(() => {
      const run = resume(before);
      const numbered = this.#numbered(index, options);
      const { state, exit } = runBlock(this.owner.architecture, block, run, numbered);
      return { ...state, exits: exit ? [...run.exits, exit] : run.exits };
    });
    if (!isWaiting(before)) before.hidden.dispose();
    this.#streams[index] = isWaiting(before) ? wait(after) : after;
  }

  /** What a stream has become; run it in `tidy`. */
  at(index: number): Forwarded {
    return resume(this.#streams[index]);
  }

  #numbered(index: number, options?: ForwardOptions): BlockOptions {
    return { ...options, window: this.#first + index };
  }

  [Symbol.dispose](): void {
    for (const stream of this.#streams) {
      tf.dispose(stream.exits.map(({ hidden }) => hidden));
      if (!isWaiting(stream)) stream.hidden.dispose();
    }
    this.#streams = [];
  }
}

function isWaiting(stream: Forwarded | Waiting): stream is Waiting {
  return "values" in stream;
}

/** Takes a stream out of the memory of tensors. Tokens that left it stay there, as they are few. */
function wait({ hidden, ...run }: Forwarded): Waiting {
  const values = tensorData(hidden).slice();
  hidden.dispose();
  return { ...run, values, shape: hidden.shape };
}

function resume(stream: Forwarded | Waiting): Forwarded {
  if (!isWaiting(stream)) return stream;
  const { values, shape, ...run } = stream;
  return { ...run, hidden: tf.tensor2d(values, shape) };
}
