import { environment } from "./environment.ts";
import { byteProduct, threadFloatProduct } from "./native.ts";

/** The exports of `assembly/index.ts`. Parameters are counts, factors and addresses in bytes. */
export type Kernels = Record<string, (...parameters: number[]) => void>;

/** The compiled kernels, the fastest first: with and without relaxed SIMD. */
const moduleFiles = ["kernels_relaxed.wasm", "kernels_simd.wasm"];

/** The environment variable that, set to 0, keeps relaxed SIMD from being used. */
const relaxedVariable = "AGILE_QUANT_RELAXED_SIMD";

function permittedFiles(): string[] {
  return environment(relaxedVariable) === "0" ? moduleFiles.slice(1) : moduleFiles;
}

/** What a thread's workspace holds. Kernels rely on it: `assembly/workspace.ts`. */
export const workspaceBytes = 2 ** 21;

/**
 * Compiles the first of the modules that this engine can run.
 *
 * @throws {Error} If it can run none: it has no WebAssembly SIMD.
 */
export async function loadKernelModule(
  files: readonly string[] = permittedFiles(),
): Promise<WebAssembly.Module> {
  for (const file of files) {
    const binary = await Deno.readFile(new URL(file, import.meta.url));
    if (WebAssembly.validate(binary)) return await WebAssembly.compile(binary);
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
 */
export function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  workspace: number,
): Kernels {
  const [multiplyBytes, multiplyFloats] = [byteProduct(memory), threadFloatProduct(memory)];
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory, workspace, multiplyBytes, multiplyFloats },
  });
  return exports as Kernels;
}
