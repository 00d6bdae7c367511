import { tensorData, tf, tidy } from "../tensor/mod.ts";
import {
  type BlockOptions,
  type ForwardOptions,
  runAttentionPart,
  runBlock,
  runMlpPart,
} from "./block.ts";
import { embedTokens } from "./embedding.ts";
import type { Forwarded } from "./forward.ts";
import type { HeadOwner } from "./head.ts";
import type { Block } from "./open_block.ts";
import { seenEnough } from "./sites.ts";

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

/** How a stream is to run through a block for what hooks see there. */
export interface LookOptions extends ForwardOptions {
  /**
   * Keeps what becomes of the stream, outside of the memory of tensors, so that its next `advance` is at no
   * cost: hooks let values be as they are, and that advance is through the same block.
   */
  keep?: boolean;
}

/**
 * The residual streams of windows that pass the blocks together. A stream may stand between the two parts of
 * a block. Dispose of it when done.
 */
export class Streams implements Disposable {
  #streams: (Forwarded | Waiting)[] = [];
  /** What streams become in their block, where that is known. */
  #ahead = new Map<number, Waiting>();
  /** Those that have passed the attention of their block. */
  #inside = new Set<number>();
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

  /**
   * Runs a stream through a block, or what is left of it, for what hooks see there; the stream stays where it
   * is. Ends early where a hook throws {@linkcode seenEnough}.
   */
  look(index: number, block: Block, { keep = false, ...options }: LookOptions = {}): void {
    try {
      const after = tidy(() => {
        const run = this.#run(index, block, options);
        return keep && !this.#ahead.has(index) ? wait(run) : undefined;
      });
      if (after) this.#ahead.set(index, after);
    } catch (error) {
      if (error !== seenEnough) throw error;
    }
  }

  /** Takes a stream through the attention of a block, to before its MLP. */
  attend(index: number, block: Block, options?: ForwardOptions): void {
    const after = tidy(() => this.#run(index, block, options, "attention"));
    this.#replace(index, after);
    this.#inside.add(index);
  }

  /** Takes a stream through a block, or what is left of it. */
  advance(index: number, block: Block, options?: ForwardOptions): void {
    const known = this.#ahead.get(index);
    this.#ahead.delete(index);
    this.#replace(index, known ? resume(known) : tidy(() => this.#run(index, block, options)));
    this.#inside.delete(index);
  }

  /** What a stream has become; run it in `tidy`. */
  at(index: number): Forwarded {
    return resume(this.#streams[index]);
  }

  /** A stream behind a block or its attention. */
  #run(index: number, block: Block, options?: ForwardOptions, until?: "attention"): Forwarded {
    const { architecture } = this.owner;
    const numbered: BlockOptions = { ...options, window: this.#first + index };
    const run = resume(this.#streams[index]);
    if (this.#inside.has(index)) {
      return { ...runMlpPart(architecture, block, run, numbered), exits: run.exits };
    }
    const pass = until ? runAttentionPart : runBlock;
    const { state, exit } = pass(architecture, block, run, numbered);
    return { ...state, exits: exit ? [...run.exits, exit] : run.exits };
  }

  #replace(index: number, after: Forwarded): void {
    const before = this.#streams[index];
    if (!isWaiting(before)) before.hidden.dispose();
    this.#streams[index] = isWaiting(before) ? wait(after) : after;
  }

  [Symbol.dispose](): void {
    for (const stream of [...this.#streams, ...this.#ahead.values()]) {
      tf.dispose(stream.exits.map(({ hidden }) => hidden));
      if (!isWaiting(stream)) stream.hidden.dispose();
    }
    this.#streams = [];
    this.#ahead.clear();
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
