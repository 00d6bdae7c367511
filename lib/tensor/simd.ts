import { Arena } from "./arena.ts";
import {
  instantiateKernels,
  type Kernels,
  loadKernelModule,
  workspaceBytes,
} from "./kernel_module.ts";

/** The WebAssembly SIMD kernels and the memory that they work in. */
export class Simd {
  readonly arena = new Arena();
  readonly #kernels: Kernels;

  private constructor(module: WebAssembly.Module) {
    const workspace = this.arena.take(workspaceBytes, "a thread's workspace");
    this.#kernels = instantiateKernels(module, this.arena.memory, workspace);
  }

  /**
   * Loads the first of the compiled modules that this engine can run, by default of all.
   *
   * @throws {Error} If it can run none: it has no WebAssembly SIMD.
   */
  static async load(files?: readonly string[]): Promise<Simd> {
    return new Simd(await loadKernelModule(files));
  }

  /** How many threads share the calls of {@linkcode run}. */
  readonly threads: number = 1;

  /**
   * Performs all calls of a kernel, in any order and spread over the threads, and returns when the
   * last is done. What a call writes no other may read or write.
   */
  run(kernel: string, calls: readonly (readonly number[])[]): void {
    const perform = this.#kernels[kernel];
    for (const parameters of calls) perform(...parameters);
  }
}
