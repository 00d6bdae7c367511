import { environment, granted } from "./environment.ts";
import { adviseSymbol } from "./huge_pages.ts";
import { maskSymbol, withoutSignals } from "./signal_mask.ts";

const [status, reference, numbers] = ["i32", "pointer", "buffer"] as const;

/** What makes a primitive, of which each version of the library has its own half. */
const primitiveSymbols = {
  dnnl_engine_create: { parameters: [numbers, "i32", "usize"], result: status },
  dnnl_stream_create: { parameters: [numbers, reference, "u32"], result: status },
  dnnl_primitive_desc_query_md: { parameters: [reference, "i32", "i32"], result: reference },
  dnnl_primitive_create: { parameters: [numbers, reference], result: status },
  dnnl_memory_create: { parameters: [numbers, reference, reference, "usize"], result: status },
  dnnl_memory_set_data_handle: { parameters: ["usize", "usize"], result: status },
  dnnl_primitive_execute: { parameters: ["usize", "usize", "i32", "usize"], result: status },
  // Version 2: descriptors are structures of the caller's.
  dnnl_memory_desc_init_by_tag: {
    parameters: [numbers, "i32", numbers, "i32", "i32"],
    ...{ result: status, optional: true },
  },
  dnnl_matmul_desc_init: {
    parameters: [numbers, numbers, numbers, reference, numbers],
    ...{ result: status, optional: true },
  },
  dnnl_primitive_desc_create: {
    parameters: [numbers, numbers, reference, reference, reference],
    ...{ result: status, optional: true },
  },
  // Version 3: they are the library's.
  dnnl_memory_desc_create_with_tag: {
    parameters: [numbers, "i32", numbers, "i32", "i32"],
    ...{ result: status, optional: true },
  },
  dnnl_memory_desc_query: {
    parameters: [reference, "i32", numbers],
    ...{ result: status, optional: true },
  },
  dnnl_matmul_primitive_desc_create: {
    parameters: [numbers, reference, reference, reference, reference, reference, reference],
    ...{ result: status, optional: true },
  },
} as const;

// Matrices are given as `usize`, their addresses in this process: the memory never moves.
// Transpositions, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc; row-major.
const gemmSymbol = {
  parameters: [
    ...(["u8", "u8", "i64", "i64", "i64", "f32"] as const),
    ...(["usize", "i64", "usize", "i64", "f32", "usize", "i64"] as const),
  ],
  result: status,
} as const;

const symbols = {
  ...primitiveSymbols,
  dnnl_version: { parameters: [], result: "pointer" },
  dnnl_sgemm: gemmSymbol,
  // The same of bfloat16, with sums and C in float32.
  dnnl_gemm_bf16bf16f32: { ...gemmSymbol, optional: true },
  // Transpositions, what shape the offset of C has, M, N, K, alpha, A, lda, offset of A, B, ldb, offset
  // of B, beta, C, ldc, offset of C; row-major.
  dnnl_gemm_u8s8s32: {
    parameters: [
      ...(["u8", "u8", "u8", "i64", "i64", "i64", "f32", "usize", "i64", "u8"] as const),
      ...(["usize", "i64", "i8", "f32", "usize", "i64", "usize"] as const),
    ],
    result: status,
  },
  dnnl_get_effective_cpu_isa: { parameters: [], result: "i32", optional: true },
  omp_get_max_threads: { parameters: [], result: "i32", optional: true },
  omp_set_num_threads: { parameters: ["i32"], result: "void", optional: true },
  pthread_sigmask: maskSymbol,
  madvise: adviseSymbol,
} as const;

const fileNames = {
  linux: ["libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"],
  darwin: ["libdnnl.3.dylib", "libdnnl.2.dylib", "libdnnl.dylib"],
  windows: ["dnnl.dll"],
};

/**
 * How often an idle thread of GNU OpenMP looks for work before it sleeps. Its default of 300,000
 * stalls every product when other programs want the cores.
 */
const spinVariable = "GOMP_SPINCOUNT";
const spinCount = "100";

/** The functions of oneDNN that are called here. */
export type Library = Deno.DynamicLibrary<typeof symbols>["symbols"];

let loaded: Library | undefined;

/**
 * Opens the library, or returns `undefined` where it is not installed or may not be loaded (no
 * permission for FFI). Once loaded it stays for the life of the process.
 */
export function openLibrary(): Library | undefined {
  if (loaded || !granted({ name: "ffi" })) return loaded;
  if (granted({ name: "env", variable: spinVariable }) && !Deno.env.has(spinVariable)) {
    Deno.env.set(spinVariable, spinCount);
  }
  const names = fileNames[Deno.build.os as keyof typeof fileNames] ?? fileNames.linux;
  for (const name of names) {
    try {
      loaded = Deno.dlopen(name, symbols).symbols;
      break;
    } catch {
      // Not installed under this name.
    }
  }
  return loaded;
}

/** Its version: major, minor, patch. */
export function versionOf({ dnnl_version }: Library): number[] {
  const version = new Deno.UnsafePointerView(dnnl_version()!);
  return [0, 4, 8].map((offset) => version.getInt32(offset));
}

/** Whether the environment variable `AGILE_QUANT_NATIVE` is 0, which switches native libraries off. */
export function isSwitchedOff(): boolean {
  return environment("AGILE_QUANT_NATIVE") === "0";
}

/** Where a memory starts in this process. */
export function baseOf({ buffer }: WebAssembly.Memory): bigint {
  const bytes = new Uint8Array(buffer) as unknown as BufferSource;
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/**
 * Calls the library with no thread of it but the caller's.
 *
 * @param call Returns the status of what it called.
 * @param name What errors call it.
 */
export function onOneThread(
  { omp_get_max_threads, omp_set_num_threads, pthread_sigmask }: Library,
  name: string,
  call: () => number,
): void {
  const threads = omp_get_max_threads?.() ?? 1;
  if (threads > 1) omp_set_num_threads?.(1);
  let status;
  try {
    status = withoutSignals(pthread_sigmask, call);
  } finally {
    if (threads > 1) omp_set_num_threads?.(threads);
  }
  if (status !== 0) throw new Error(`${name} failed with status ${status}`);
}
