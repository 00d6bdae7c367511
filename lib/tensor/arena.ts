import { refuse } from "../core/mod.ts";

const pageBytes = 65536;

/** The memory that 32-bit addresses reach: 4 GiB. */
const addressablePages = 65536;

/** The first page holds the constants of the compiled kernels and what the threads agree on. */
const firstAddress = pageBytes;

/** Bytes behind every block that kernels may read and write, so that whole vectors fit. */
const slack = 16;

/** Blocks of this size and more are rather cut off what waits than off new memory. */
const largeBytes = 2 ** 24;

/** The memory grows by at least this much at a time. */
const growthPages = 256;

/** A kind of typed array that can look into the memory. */
export type ViewType<View> = new (buffer: ArrayBufferLike, address: number, length: number) => View;

interface Range {
  start: number;
  end: number;
}

/**
 * Blocks of one shared WebAssembly memory, in which all tensors lie and all threads work.
 *
 * Sizes are rounded up to four classes per power of two, large ones to 32. A block that comes back waits for the next
 * of its class; only for a large block, or when the memory is exhausted, neighbours are joined for other
 * classes.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #end: number;
  /** Size of each block in use. */
  readonly #used = new Map<number, number>();
  /** Addresses of the blocks that wait, by size. */
  readonly #idle = new Map<number, number[]>();
  /** What no block covers, ascending. */
  #fresh: Range[];
  #bytesInUse = 0;

  /** An arena of at most this many pages of 64 KiB. */
  constructor(maximum = addressablePages) {
    this.memory = new WebAssembly.Memory({
      initial: 1,
      maximum,
      shared: true,
    });
    this.#end = maximum * pageBytes;
    this.#fresh = [{ start: firstAddress, end: this.#end }];
  }

  /** What the memory may grow to, in bytes: so many addresses are its own. */
  get mostBytes(): number {
    return this.#end;
  }

  /** Bytes of all blocks in use, slack and rounding included. */
  get bytesInUse(): number {
    return this.#bytesInUse;
  }

  /** Bytes that further blocks may take together, slack and rounding included. */
  get bytesFree(): number {
    return this.#end - firstAddress - this.#bytesInUse;
  }

  /**
   * A block with arbitrary contents: its address, a multiple of 16.
   *
   * @param purpose What the block is for, e.g. `a float32 tensor of shape [2,3]`.
   * @throws {InputError} If the memory is exhausted.
   */
  take(bytes: number, purpose: string | (() => string)): number {
    const size = blockBytes(bytes);
    const grown = this.memory.buffer.byteLength;
    const address = this.#idle.get(size)?.pop() ??
      (size >= largeBytes ? this.#carve(size, grown) ?? this.#rejoin(size, grown) : undefined) ??
      this.#carve(size) ?? this.#rejoin(size);
    if (address === undefined) {
      refuse(
        `allocate ${typeof purpose === "string" ? purpose : purpose()}`,
        `${bytes} bytes in one piece must be free beside the ${this.#bytesInUse} in use`,
        this.bytesFree,
      );
    }
    this.#used.set(address, size);
    this.#bytesInUse += size;
    return address;
  }

  /** Takes a block back. */
  give(address: number): void {
    const size = this.#used.get(address);
    if (size === undefined) throw new Error(`no block in use starts at ${address}`);
    this.#used.delete(address);
    this.#bytesInUse -= size;
    const idle = this.#idle.get(size);
    if (idle) idle.push(address);
    else this.#idle.set(size, [address]);
  }

  /** Calls `work` with blocks of these sizes and takes them back when it returns. */
  scratch<Result>(bytes: number[], work: (...addresses: number[]) => Result): Result {
    const addresses: number[] = [];
    try {
      for (const size of bytes) addresses.push(this.take(size, "scratch memory"));
      return work(...addresses);
    } finally {
      for (const address of addresses) this.give(address);
    }
  }

  /** A look into the memory, which growing leaves valid. */
  view<View>(type: ViewType<View>, address: number, length: number): View {
    return new type(this.memory.buffer, address, length);
  }

  /** Cuts a block off the first fresh range that it fits into, all of it below `limit`. */
  #carve(size: number, limit = this.#end): number | undefined {
    const range = this.#fresh.find(({ start, end }) => Math.min(end, limit) - start >= size);
    if (!range || !this.#reach(range.start + size)) return undefined;
    const address = range.start;
    range.start += size;
    return address;
  }

  /** Makes fresh ranges of all waiting blocks, neighbours joined, and cuts a block off them. */
  #rejoin(size: number, limit?: number): number | undefined {
    const ranges = [...this.#idle].flatMap(([bytes, addresses]) =>
      addresses.map((start) => ({ start, end: start + bytes }))
    );
    this.#idle.clear();
    this.#fresh = joinNeighbours([...this.#fresh, ...ranges]);
    return this.#carve(size, limit);
  }

  /** Grows the memory to an address; says whether that succeeded. */
  #reach(end: number): boolean {
    const { memory } = this;
    const missing = end - memory.buffer.byteLength;
    if (missing <= 0) return true;
    const free = (this.#end - memory.buffer.byteLength) / pageBytes;
    const pages = Math.max(Math.ceil(missing / pageBytes), Math.min(growthPages, free));
    try {
      memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }
}

/** What a block for so many bytes takes. */
export function blockBytes(bytes: number): number {
  return sizeClass(bytes + slack);
}

/** The next of four sizes per power of two, of 32 where blocks are large, all multiples of 16. */
function sizeClass(bytes: number): number {
  const classes = bytes < largeBytes ? 2 : 5;
  const step = Math.max(16, 2 ** (Math.floor(Math.log2(bytes)) - classes));
  return Math.ceil(bytes / step) * step;
}

function joinNeighbours(ranges: Range[]): Range[] {
  const joined: Range[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && last.end === range.start) last.end = range.end;
    else joined.push({ ...range });
  }
  return joined;
}
