import { environment } from "./environment.ts";
import { byteProducts, threadBfloatProduct, threadFloatProduct } from "./native.ts";

/** The exports of `assembly/index.ts`. Parameters are counts, factors and addresses in bytes. */
export type Kernels = Record<string, (...parameters: number[]) => void>;

/** The compiled kernels, the fastest first, and the instructions of WebAssembly that each uses. */
const moduleFiles = {
  "kernels_relaxed.wasm": "relaxed SIMD",
  "kernels_simd.wasm": "SIMD",
};

/** A file of compiled kernels. */
export type KernelFile = keyof typeof moduleFiles;

/** Where the files lie: spelled out, so that what a measurement loads can be read off the source. */
const moduleUrls: Record<KernelFile, URL> = {
  "kernels_relaxed.wasm": new URL("./kernels_relaxed.wasm", import.meta.url),
  "kernels_simd.wasm": new URL("./kernels_simd.wasm", import.meta.url),
};

/** Compiled kernels. */
export interface KernelModule {
  module: WebAssembly.Module;
  /** Relaxed SIMD may round other than SIMD: it multiplies and adds in one step. */
  instructions: typeof moduleFiles[KernelFile];
}

/** The environment variable that, set to 0, keeps relaxed SIMD from being used. */
const relaxedVariable = "AGILE_QUANT_RELAXED_SIMD";

function permittedFiles(): KernelFile[] {
  const files = Object.keys(moduleFiles) as KernelFile[];
  return environment(relaxedVariable) === "0" ? files.slice(1) : files;
}

/** Flags of V8 with which it computes on two vectors of 128 bits at once, where it finds them side by side. */
const wideFlags = ["--experimental-wasm-revectorize", "--no-wasm-bounds-checks"];

/**
 * Whether the environment variable `DENO_V8_FLAGS` makes V8 join vectors. Kernels then take more of them
 * at a time; their results are the same.
 */
export function joinsVectors(): boolean {
  const flags = environment("DENO_V8_FLAGS")?.split(",") ?? [];
  return wideFlags.every((flag) => flags.includes(flag));
}

/** What a thread's workspace holds. Kernels rely on it: `assembly/workspace.ts`. */
export const workspaceBytes = 2 ** 21;

/**
 * Compiles the first of the modules that this engine can run.
 *
 * @throws {Error} If it can run none: it has no WebAssembly SIMD.
 */
export async function loadKernelModule(
  files: readonly KernelFile[] = permittedFiles(),
): Promise<KernelModule> {
  for (const file of files) {
    const binary = await Deno.readFile(moduleUrls[file]);
    if (!WebAssembly.validate(binary)) continue;
    return { module: await WebAssembly.compile(binary), instructions: moduleFiles[file] };
  }
  throw new Error("this JavaScript engine has no WebAssembly SIMD");
}

/**
 * The kernels of one thread.
 *
 * Every instance writes the module's constants to the first page of the memory again: the same
 * bytes, which nobody changes.
 *
 * @param workspace Address of {@linkcode workspaceBytes} for this thread alone.
 * @param wide As {@linkcode joinsVectors} has it.
 */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  workspace: number,
  wide = joinsVectors(),
): Kernels {
  const products = {
    multiplyBytes: byteProducts(memory),
    multiplyFloats: threadFloatProduct(memory),
    multiplyBfloats: threadBfloatProduct(memory),
  };
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory, workspace, wide: Number(wide), ...products },
  });
  return exports as Kernels;
}
