import { SHARE_ENV, Worker } from "node:worker_threads";
import { require } from "../core/mod.ts";
import { Arena } from "./arena.ts";
import { CallQueue } from "./call_queue.ts";
import { environment } from "./environment.ts";
import {
  instantiateKernels,
  joinsVectors,
  type KernelFile,
  type KernelModule,
  type Kernels,
  loadKernelModule,
  workspaceBytes,
} from "./kernel_module.ts";
import type { WorkerData } from "./worker.ts";

/** The environment variable that says how many threads compute: at most, and by default, one per core. */
const threadsVariable = "AGILE_QUANT_THREADS";

/** How {@linkcode Simd} computes; by default the fastest module that runs, on every core. */
export interface SimdOptions {
  /** Files of compiled modules, the best first. */
  files?: readonly KernelFile[];
  threads?: number;
  /** Whether kernels take as many vectors at a time as 256 bits need. */
  wide?: boolean;
}

/**
 * The WebAssembly SIMD kernels, the memory that they work in, and the threads that run them.
 *
 * Threads other than the caller's start with the first job for several of them. They never keep the
 * process alive; where they cannot start, the caller's thread does all the work.
 */
export class Simd {
  readonly arena = new Arena();
  readonly instructions: KernelModule["instructions"];
  /** Whether sums of four products of bytes are one instruction: `assembly/integer_tile.ts`. */
  dots: boolean;
  readonly #module: WebAssembly.Module;
  readonly #kernels: Kernels;
  readonly #queue: CallQueue;
  #started = false;

  private constructor(
    { module, instructions }: KernelModule,
    readonly threads: number,
    readonly wide: boolean,
  ) {
    this.instructions = instructions;
    this.#module = module;
    this.#kernels = instantiateKernels(module, this.arena.memory, this.#takeWorkspace(), wide);
    this.#queue = new CallQueue(this.arena.memory, this.#kernels);
    this.dots = this.arena.scratch([4], (flag) => {
      this.#kernels.hasDots(flag);
      return this.arena.view(Int32Array, flag, 1)[0] === 1;
    });
  }

  /**
   * Loads the kernels.
   *
   * @throws {Error} If this engine can run none of the modules: it has no WebAssembly SIMD.
   * @throws {InputError} If `AGILE_QUANT_THREADS` is no positive integer.
   */
  static async load(
    { files, threads = defaultThreads(), wide = joinsVectors() }: SimdOptions = {},
  ): Promise<Simd> {
    return new Simd(await loadKernelModule(files), threads, wide);
  }

  /** How many calls other threads than the caller's have performed so far. */
  get callsServed(): number {
    return this.#queue.served;
  }

  /** Into how many calls work is worth dividing: several to a thread, lest one waits for another. */
  get callsAtMost(): number {
    return this.threads === 1 ? 1 : 4 * this.threads;
  }

  /**
   * Performs all calls of a kernel, in any order and spread over the threads, and returns when the
   * last is done. What a call writes no other may read or write.
   *
   * @param calls The parameters of each; all have the same number.
   */
  run(kernel: string, calls: readonly (readonly number[])[]): void {
    if (calls.length < 2 || this.threads === 1) {
      const perform = this.#kernels[kernel];
      for (const parameters of calls) perform(...parameters);
      return;
    }
    if (!this.#started) this.#start();
    const bytes = CallQueue.parameterBytes(calls);
    this.arena.scratch([bytes], (address) => this.#queue.run(kernel, calls, address));
  }

  #start(): void {
    this.#started = true;
    for (let thread = 1; thread < this.threads; thread++) {
      const workspace = this.#takeWorkspace();
      const { wide, arena: { memory } } = this;
      const workerData: WorkerData = { module: this.#module, memory, workspace, wide };
      try {
        const worker = new Worker(new URL("./worker.ts", import.meta.url), {
          workerData,
          env: SHARE_ENV, // a copy would need the permission to read all of it
        });
        worker.on("error", () => {});
        worker.unref();
      } catch {
        return; // Not permitted: this thread works alone.
      }
    }
  }

  #takeWorkspace(): number {
    return this.arena.take(workspaceBytes, "a thread's workspace");
  }
}

function defaultThreads(): number {
  const cores = navigator.hardwareConcurrency;
  const wanted = environment(threadsVariable);
  if (wanted === undefined) return cores;
  const rule = `${threadsVariable} must be a positive integer`;
  require(/^0*[1-9]\d*$/.test(wanted), "start threads", rule, wanted);
  return Math.min(Number(wanted), cores);
}
