/** Shorter arrays are not worth keeping: the allocator is as fast. */
const smallestLength = 4096;

/** Bytes that wait for their next use at most; what comes back beyond that is left to the collector. */
const idleLimit = 2 ** 30;

/**
 * Large float32 arrays that are used again: fresh memory costs more time in page faults than most
 * kernels spend computing.
 *
 * Every tensor that lies in a buffer of the pool retains it; when the last one releases it, the
 * buffer is handed out again.
 */
export class BufferPool {
  readonly #holders = new WeakMap<ArrayBufferLike, number>();
  readonly #idle = new Map<number, ArrayBuffer[]>();
  #idleBytes = 0;

  /** An array with arbitrary contents, held by nobody yet. */
  take(length: number): Float32Array {
    if (length < smallestLength) return new Float32Array(length);
    const bytes = 4 * roundUp(length);
    const reused = this.#idle.get(bytes)?.pop();
    if (reused) this.#idleBytes -= bytes;
    const buffer = reused ?? new ArrayBuffer(bytes);
    this.#holders.set(buffer, 0);
    return new Float32Array(buffer, 0, length);
  }

  /** Whether the buffer belongs to the pool. */
  owns(buffer: ArrayBufferLike): boolean {
    return this.#holders.has(buffer);
  }

  /** Notes one more tensor in this buffer, if it is one of the pool. */
  retain(buffer: ArrayBufferLike): void {
    const holders = this.#holders.get(buffer);
    if (holders !== undefined) this.#holders.set(buffer, holders + 1);
  }

  /** Notes one tensor less in this buffer, if it is one of the pool. */
  release(buffer: ArrayBufferLike): void {
    const holders = this.#holders.get(buffer);
    if (holders === undefined) return;
    this.#holders.set(buffer, holders - 1);
    if (holders > 1) return;
    this.#holders.delete(buffer);
    const bytes = buffer.byteLength;
    if (this.#idleBytes + bytes > idleLimit) return;
    this.#idleBytes += bytes;
    const idle = this.#idle.get(bytes);
    if (idle) idle.push(buffer as ArrayBuffer);
    else this.#idle.set(bytes, [buffer as ArrayBuffer]);
  }
}

/** The next of four sizes per power of two, so that similar lengths share buffers. */
function roundUp(length: number): number {
  const step = 2 ** (Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}
