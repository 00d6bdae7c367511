/**
 * Compiles `lib/tensor/assembly` into the two WebAssembly modules that `lib/tensor` loads: one with
 * relaxed SIMD (fused multiply-add) and one without. `deno task kernels` writes them.
 */
import asc from "assemblyscript/asc";

const folder = new URL("../lib/tensor/", import.meta.url);

/** The modules, by file name in `lib/tensor`, and the WebAssembly features each one uses. */
export const kernelFeatures: Record<string, string> = {
  "kernels_relaxed.wasm": "simd,relaxed-simd",
  "kernels_simd.wasm": "simd",
};

/**
 * Compiles the kernels with the given WebAssembly features, e.g. `simd,relaxed-simd`.
 *
 * @throws {Error} With the compiler's messages if the source does not compile.
 */
export async function compileKernels(features: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([
    "assembly/index.ts",
    ...["--outFile", "kernels.wasm", "--runtime", "stub", "--enable", features],
    ...["-O3", "--noAssert", "--converge"],
  ], {
    readFile: readSource,
    writeFile: (_name: string, contents: string | Uint8Array) => {
      if (contents instanceof Uint8Array) binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`${error?.message ?? "no output"}\n${stderr}`);
  return binary;
}

function readSource(name: string): string | null {
  try {
    return Deno.readTextFileSync(new URL(name, folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

if (import.meta.main) {
  for (const [file, features] of Object.entries(kernelFeatures)) {
    await Deno.writeFile(new URL(file, folder), await compileKernels(features));
  }
}
