import type { Kernels } from "./kernel_module.ts";

/** Where the queue lies in the memory: in the first page, behind the constants of the kernels. */
const queueAddress = 32768;

/** What the 32-bit words of the queue hold. */
const word = {
  /** How many jobs there have been. */
  jobs: 0,
  /** Calls of the job that nobody has taken yet. */
  untaken: 1,
  /** Calls of the job that are not done. */
  undone: 2,
  /** The job: number of the kernel, how many calls, parameters of each and their address. */
  kernel: 3,
  calls: 4,
  parameters: 5,
  address: 6,
  /** Pages of the memory when the job was made. */
  pages: 7,
  /** 1 if a call failed, and the length of the message behind the words. */
  failed: 8,
  messageBytes: 9,
  /** Calls that other threads than the owner have performed so far. */
  served: 10,
};

const messageAddress = queueAddress + 64;
const messageLimit = 1024;

/**
 * How often a thread looks before it sleeps, about 150 microseconds: waking it takes 50, which each of the
 * hundred jobs of a token would wait for.
 */
const spins = 10_000;

const pageBytes = 65536;

/**
 * The calls of one kernel at a time, for all threads that share a memory. One thread owns the queue
 * and fills it; the others serve it.
 */
export class CallQueue {
  readonly #words: Int32Array;
  readonly #kernels: Kernels[string][];
  readonly #names: string[];

  /** @param kernels Those of this thread; all threads have instances of one module. */
  constructor(readonly memory: WebAssembly.Memory, kernels: Kernels) {
    this.#words = new Int32Array(
      memory.buffer,
      queueAddress,
      messageAddress / 4 - queueAddress / 4,
    );
    this.#kernels = Object.values(kernels);
    this.#names = Object.keys(kernels);
  }

  /** Bytes that {@linkcode run} needs for the parameters of these calls. */
  static parameterBytes(calls: readonly (readonly number[])[]): number {
    return 8 * calls.length * calls[0].length;
  }

  /**
   * Performs calls of a kernel together with the threads that serve the queue; returns when all are
   * done.
   *
   * @param address Where the parameters may be written, a multiple of 8.
   * @throws {Error} With the first failure of a call, on whichever thread.
   */
  run(kernel: string, calls: readonly (readonly number[])[], address: number): void {
    const words = this.#words;
    const count = calls[0].length;
    const parameters = new Float64Array(this.memory.buffer, address, calls.length * count);
    calls.forEach((call, index) => parameters.set(call, index * count));
    words[word.kernel] = this.#names.indexOf(kernel);
    words[word.calls] = calls.length;
    words[word.parameters] = count;
    words[word.address] = address;
    words[word.pages] = this.memory.buffer.byteLength / pageBytes;
    words[word.failed] = 0;
    words[word.undone] = calls.length;
    Atomics.store(words, word.untaken, calls.length);
    Atomics.add(words, word.jobs, 1);
    Atomics.notify(words, word.jobs);
    this.#perform();
    this.#waitWhile(word.undone, (undone) => undone > 0);
    if (words[word.failed]) throw new Error(`kernel ${kernel} failed: ${this.#message()}`);
  }

  /** How many calls other threads than the owner have performed so far. */
  get served(): number {
    return Atomics.load(this.#words, word.served);
  }

  /** Helps with every job from now on. */
  serve(): never {
    const words = this.#words;
    for (let jobs = Atomics.load(words, word.jobs);;) {
      Atomics.add(words, word.served, this.#perform());
      jobs = this.#waitWhile(word.jobs, (seen) => seen === jobs);
    }
  }

  /**
   * Performs calls until all are taken; returns how many. What the job is stands still only as long as
   * a call of it is taken and not done.
   */
  #perform(): number {
    const words = this.#words;
    for (let performed = 0;;) {
      const untaken = Atomics.load(words, word.untaken);
      if (untaken === 0) return performed;
      if (Atomics.compareExchange(words, word.untaken, untaken, untaken - 1) !== untaken) continue;
      try {
        this.#performCall(words[word.calls] - untaken);
      } catch (error) {
        this.#fail(error);
      }
      this.#done(1);
      performed++;
    }
  }

  #done(calls: number): void {
    const before = Atomics.sub(this.#words, word.undone, calls);
    if (before === calls) Atomics.notify(this.#words, word.undone);
  }

  #performCall(call: number): void {
    const words = this.#words;
    const { memory } = this;
    // A thread learns in some loop or other that the memory has grown.
    while (memory.buffer.byteLength < words[word.pages] * pageBytes);
    const count = words[word.parameters];
    const start = (words[word.address] >>> 0) + 8 * call * count;
    this.#kernels[words[word.kernel]](...new Float64Array(memory.buffer, start, count));
  }

  /** Notes the first failure and lets the remaining calls be. */
  #fail(error: unknown): void {
    const words = this.#words;
    if (Atomics.compareExchange(words, word.failed, 0, 1) !== 0) return;
    this.#done(Atomics.exchange(words, word.untaken, 0));
    const text = error instanceof Error ? error.message : String(error);
    const bytes = new TextEncoder().encode(text).subarray(0, messageLimit);
    words[word.messageBytes] = bytes.length;
    new Uint8Array(this.memory.buffer, messageAddress).set(bytes);
  }

  #message(): string {
    const length = this.#words[word.messageBytes];
    return new TextDecoder().decode(
      new Uint8Array(this.memory.buffer, messageAddress, length).slice(),
    );
  }

  /** Waits while a word is such, at first awake; returns what it is then. */
  #waitWhile(index: number, condition: (value: number) => boolean): number {
    const words = this.#words;
    for (let spin = 0;; spin++) {
      const value = Atomics.load(words, index);
      if (!condition(value)) return value;
      if (spin > spins) Atomics.wait(words, index, value);
    }
  }
}
