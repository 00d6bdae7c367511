import type { ScratchFile, StoredFloats } from "../io/mod.ts";
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
export const tensorStreams = 2 ** 30;

/** A stream that waits outside of the memory of tensors. */
interface Waiting extends Omit<Forwarded, "hidden"> {
  values: Float32Array | StoredFloats;
  shape: [rows: number, channels: number];
}

/** How streams are kept. */
export interface StreamsOptions {
  /** Bytes of them that stay in the memory of tensors; 1 GiB unless given. */
  budget?: number;
  /** Where further ones wait; in memory unless given. */
  scratch?: ScratchFile;
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
  /** Where those may be written that are known ahead, of streams that wait in the scratch file. */
  #spare = new Map<number, Waiting["values"]>();
  readonly #first: number;
  readonly #scratch?: ScratchFile;

  /**
   * The streams before the first block.
   *
   * @param owner What embeds tokens.
   * @throws {InputError} If the model cannot run one of the windows.
   */
  constructor(
    readonly owner: HeadOwner,
    windows: readonly Int32Array[],
    { budget = tensorStreams, first = 0, scratch }: StreamsOptions = {},
  ) {
    this.#first = first;
    this.#scratch = scratch;
    using opened = new DisposableStack();
    opened.use(this);
    let bytes = 0;
    for (const window of windows) {
      const start = tidy(() => embedTokens(owner.architecture, owner.outer, window));
      bytes += 4 * start.hidden.size;
      const stream = { ...start, exits: [] };
      this.#streams.push(bytes <= budget ? stream : wait(stream, scratch));
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
        if (!keep || this.#ahead.has(index)) return undefined;
        const scratch = isWaiting(this.#streams[index]) ? this.#scratch : undefined;
        return wait(run, scratch, this.#spare.get(index));
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
    const before = this.#streams[index];
    const known = this.#ahead.get(index);
    this.#ahead.delete(index);
    if (known && isWaiting(before)) {
      this.#streams[index] = known;
      this.#spare.set(index, before.values);
    } else {
      this.#replace(index, known ? resume(known) : tidy(() => this.#run(index, block, options)));
    }
    this.#inside.delete(index);
  }

  /** Streams of their own that stand where these do, between two blocks. */
  copy(): Streams {
    const copy = new Streams(this.owner, [], { first: this.#first, scratch: this.#scratch });
    copy.#streams = this.#streams.map((stream) => {
      const exits = stream.exits.map((exit) => ({ ...exit, hidden: exit.hidden.clone() }));
      if (!isWaiting(stream)) return { ...stream, exits, hidden: stream.hidden.clone() };
      const { values } = stream;
      const own = values instanceof Float32Array ? values : this.#scratch!.put(values.read());
      return { ...stream, exits, values: own };
    });
    return copy;
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
    this.#streams[index] = isWaiting(before) ? wait(after, this.#scratch, before.values) : after;
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

/**
 * Takes a stream out of the memory of tensors. Tokens that left it stay there, as they are few.
 *
 * @param place Of the scratch file, where it is to lie; behind all others unless given.
 */
function wait(
  { hidden, ...run }: Forwarded,
  scratch?: ScratchFile,
  place?: Waiting["values"],
): Waiting {
  try {
    const values = keep(tensorData(hidden), scratch, place);
    return { ...run, values, shape: hidden.shape };
  } finally {
    hidden.dispose();
  }
}

function keep(
  values: Float32Array,
  scratch?: ScratchFile,
  place?: Waiting["values"],
): Waiting["values"] {
  if (!scratch) return values.slice();
  if (!place || place instanceof Float32Array) return scratch.put(values);
  place.replace(values);
  return place;
}

function resume(stream: Forwarded | Waiting): Forwarded {
  if (!isWaiting(stream)) return stream;
  const { values, shape, ...run } = stream;
  const held = values instanceof Float32Array ? values : values.read();
  return { ...run, hidden: tf.tensor2d(held, shape) };
}
