/**
 * Compiles the AssemblyScript sources of the project into the WebAssembly modules beside them.
 * `deno task kernels` writes them.
 */
import { writeAtomically } from "../lib/io/mod.ts";
import { main, type Session } from "./command_line.ts";

const root = new URL("..", import.meta.url);

/** A WebAssembly module; paths start at the root of the project. */
export interface KernelModule {
  /** Binary, or base64 in ASCII where the module is imported as text, to be started when needed. */
  file: `${string}.${"wasm" | "base64"}`;
  sources: string[];
  /** The WebAssembly features that it uses; with `threads` it imports a shared memory. */
  features: string;
}

/** The committed modules. `lib/tensor` loads the first of its two that the engine can run. */
export const kernelModules: KernelModule[] = [
  {
    file: "lib/tensor/kernels_relaxed.wasm",
    sources: ["lib/tensor/assembly/index.ts", "lib/int4/assembly/index.ts"],
    features: "simd,relaxed-simd,threads",
  },
  {
    file: "lib/tensor/kernels_simd.wasm",
    sources: ["lib/tensor/assembly/index.ts", "lib/int4/assembly/index.ts"],
    features: "simd,threads",
  },
  {
    file: "lib/int4/kernel_simd.base64",
    sources: ["lib/int4/assembly/index.ts"],
    features: "simd",
  },
  {
    file: "bench/int4_peers.wasm",
    sources: ["bench/assembly/peers.ts"],
    features: "simd,relaxed-simd",
  },
  {
    file: "bench/peak.wasm",
    sources: ["bench/assembly/peak.ts"],
    features: "simd,relaxed-simd",
  },
];

/** A memory from outside that several instances work in, up to the 4 GiB that addresses reach. */
const sharedMemory = [
  ...["--importMemory", "--noExportMemory", "--sharedMemory"],
  ...["--initialMemory", "1", "--maximumMemory", "65536"],
];

/**
 * Compiles one module.
 *
 * @returns What its file holds.
 * @throws {Error} With the compiler's messages if the source does not compile.
 */
export async function compileKernels(module: KernelModule): Promise<Uint8Array> {
  const { binary } = await build(module);
  return module.file.endsWith(".base64") ? new TextEncoder().encode(binary.toBase64()) : binary;
}

/**
 * The text of a module, one instruction a line, with the names of its functions.
 *
 * @throws {Error} As {@linkcode compileKernels}.
 */
export async function disassembleKernels(module: KernelModule): Promise<string> {
  return (await build(module)).text;
}

async function build(
  { sources, features }: KernelModule,
): Promise<{ binary: Uint8Array; text: string }> {
  const { default: asc } = await import("assemblyscript/asc"); // takes a second to load
  let binary: Uint8Array | undefined;
  let text = "";
  const { error, stderr } = await asc.main([
    ...sources,
    ...[
      "--outFile",
      "kernels.wasm",
      "--textFile",
      "kernels.wat",
      "--runtime",
      "stub",
      "--enable",
      features,
    ],
    ...["-O3", "--noAssert", "--converge"],
    ...features.includes("threads") ? sharedMemory : [],
  ], {
    readFile: readSource,
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (contents instanceof Uint8Array) binary = contents;
      else text = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`${error?.message ?? "no output"}\n${stderr}`);
  return { binary, text };
}

function readSource(name: string): string | null {
  try {
    return Deno.readTextFileSync(new URL(name, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function writeAll({ progress, signal }: Session): Promise<void> {
  progress.start("kernels", kernelModules.length);
  for (const [index, module] of kernelModules.entries()) {
    signal.throwIfAborted();
    progress.update(index, module.file);
    await writeAtomically(new URL(module.file, root).pathname, await compileKernels(module));
  }
  progress.finish();
}

if (import.meta.main) {
  await main((program, session) =>
    program.name("kernels")
      .description("Compiles the WebAssembly kernels from their AssemblyScript source.")
      .action(() => writeAll(session))
  );
}
