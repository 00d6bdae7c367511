import type { Arena } from "./arena.ts";
import { environment, granted } from "./environment.ts";
import { adviseSymbol, askForHugePages } from "./huge_pages.ts";
import { type ByteProduct, type IntegerProduct, isExact } from "./integer_product.ts";
import type { MatrixProduct } from "./matrix_product.ts";
import { maskSymbol, withoutSignals } from "./signal_mask.ts";

// Matrices are given as `usize`, their addresses in this process: the memory never moves.
// Transpositions, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc; row-major.
const gemmSymbol = {
  parameters: [
    ...(["u8", "u8", "i64", "i64", "i64", "f32"] as const),
    ...(["usize", "i64", "usize", "i64", "f32", "usize", "i64"] as const),
  ],
  result: "i32",
} as const;

const symbols = {
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
    result: "i32",
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

/** The environment variable that, set to 0, switches native libraries off. */
const nativeVariable = "AGILE_QUANT_NATIVE";

/**
 * How often an idle thread of GNU OpenMP looks for work before it sleeps. Its default of 300,000
 * stalls every product when other programs want the cores.
 */
const spinVariable = "GOMP_SPINCOUNT";
const spinCount = "100";

const [normal, transposed, perColumn] = ["N", "T", "R"].map((letter) => letter.charCodeAt(0));

/** The products of a native library. */
export interface NativeProducts {
  float: MatrixProduct;
  /** Absent where the library's is not exact on this machine. */
  integer?: IntegerProduct;
  /**
   * Whether its products of bfloat16 are faster than those of float32: where the processor has instructions
   * for them. Without, the library takes longer for bfloat16 than for float32.
   */
  bfloat: boolean;
}

type Library = Deno.DynamicLibrary<typeof symbols>["symbols"];

let loaded: Library | undefined;

/**
 * The products of oneDNN, `dnnl_sgemm` and `dnnl_gemm_u8s8s32`, or `undefined` where the library is
 * not installed, may not be loaded (no permission for FFI) or is switched off by the environment
 * variable `AGILE_QUANT_NATIVE=0`. The library, once loaded, stays for the life of the process.
 *
 * @param arena Where the matrices lie.
 */
export function nativeProducts(arena: Arena): NativeProducts | undefined {
  if (environment(nativeVariable) === "0") return undefined;
  const library = openLibrary();
  return library && productsOf(library, arena);
}

/**
 * The product of bytes of oneDNN for the kernels of one thread, whose own affair it then is: other
 * threads of the library stay out of it.
 *
 * @param memory What its addresses point into.
 * @returns Opens the library when first called.
 */
export function byteProduct(memory: WebAssembly.Memory): ByteProduct {
  return openedWhenCalled(() => ownByteProduct(memory));
}

/** The product of floats as {@linkcode byteProduct} is that of bytes. */
export function threadFloatProduct(memory: WebAssembly.Memory): ThreadFloatProduct {
  return openedWhenCalled(() => ownFloatProduct(memory, "dnnl_sgemm"));
}

/** The product of bfloat16, with sums in float32, as {@linkcode byteProduct} is that of bytes. */
export function threadBfloatProduct(memory: WebAssembly.Memory): ThreadFloatProduct {
  return openedWhenCalled(() => ownFloatProduct(memory, "dnnl_gemm_bf16bf16f32"));
}

function openedWhenCalled<Operands extends unknown[]>(
  open: () => (...operands: Operands) => void,
): (...operands: Operands) => void {
  let multiply: ReturnType<typeof open> | undefined;
  return (...operands) => {
    multiply ??= open();
    multiply(...operands);
  };
}

function openLibrary(): Library | undefined {
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

function productsOf(library: Library, arena: Arena): NativeProducts {
  const version = new Deno.UnsafePointerView(library.dnnl_version()!);
  const name = `oneDNN ${[0, 4, 8].map((offset) => version.getInt32(offset)).join(".")}`;
  const threads = library.omp_get_max_threads?.() ?? navigator.hardwareConcurrency;
  const base = baseOf(arena.memory);
  askForHugePages(library.madvise, base, arena.mostBytes);
  const context = { name, threads, pointer: (address: number) => base + BigInt(address) };
  return {
    float: floatProduct(library, context),
    ...isExact(byteProduct(arena.memory), arena) && { integer: { name, native: true } },
    bfloat: hasBfloat(library),
  };
}

/** What oneDNN calls AVX-512 with instructions for bfloat16; what has more, as AMX, has these bits too. */
const bfloatInstructions = 0xe7;

function hasBfloat({ dnnl_gemm_bf16bf16f32, dnnl_get_effective_cpu_isa }: Library): boolean {
  const instructions = dnnl_get_effective_cpu_isa?.() ?? 0;
  return dnnl_gemm_bf16bf16f32 !== null &&
    (instructions & bfloatInstructions) === bfloatInstructions;
}

/** Where a memory starts in this process. */
function baseOf({ buffer }: WebAssembly.Memory): bigint {
  const bytes = new Uint8Array(buffer) as unknown as BufferSource;
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** What the products of a library have in common. */
interface NativeContext {
  name: string;
  threads: number;
  /** Where an address in the tensors' memory lies in this process. */
  pointer(address: number): bigint;
}

function floatProduct(
  { dnnl_sgemm, pthread_sigmask }: Library,
  context: NativeContext,
): MatrixProduct {
  const { name, threads, pointer } = context;
  return {
    name,
    native: true,
    threads,
    multiply(products, { m, n, k, transposeA, transposeB, strideA, strideB, strideC }) {
      const [opA, opB] = [transposeA, transposeB].map((is) => is ? transposed : normal);
      const sizes = [BigInt(m), BigInt(n), BigInt(k)] as const;
      const [rowA, rowB, rowC] = [BigInt(strideA), BigInt(strideB), BigInt(strideC)];
      withoutSignals(pthread_sigmask, () => {
        for (const { a, b, c } of products) {
          const [left, right, target] = [pointer(a), pointer(b), pointer(c)];
          const status = dnnl_sgemm(
            ...[opA, opB, ...sizes, 1, left, rowA, right, rowB, 0, target, rowC] as const,
          );
          if (status !== 0) throw new Error(`dnnl_sgemm failed with status ${status}`);
        }
      });
    },
  };
}

/**
 * c = a op(b) in float32: matrices [m, k] and [k, n], or b stored as [n, k], are given by their
 * addresses; their rows as they are stored are so many elements apart.
 */
export type ThreadFloatProduct = (
  a: number,
  strideA: number,
  b: number,
  strideB: number,
  transposeB: number,
  c: number,
  strideC: number,
  m: number,
  n: number,
  k: number,
) => void;

function ownFloatProduct(
  memory: WebAssembly.Memory,
  name: "dnnl_sgemm" | "dnnl_gemm_bf16bf16f32",
): ThreadFloatProduct {
  const library = openLibrary()!;
  const multiply = library[name]!;
  const pointer = pointerInto(memory);
  return (a, strideA, b, strideB, transposeB, c, strideC, m, n, k) => {
    onOneThread(library, name, () =>
      multiply(
        ...[normal, transposeB ? transposed : normal, BigInt(m), BigInt(n), BigInt(k), 1] as const,
        ...[pointer(a), BigInt(strideA), pointer(b), BigInt(strideB)] as const,
        ...[0, pointer(c), BigInt(strideC)] as const,
      ));
  };
}

function ownByteProduct(memory: WebAssembly.Memory): ByteProduct {
  const library = openLibrary()!;
  const pointer = pointerInto(memory);
  return (a, strideA, b, c, strideC, offset, m, n, k) => {
    onOneThread(library, "dnnl_gemm_u8s8s32", () =>
      library.dnnl_gemm_u8s8s32(
        ...[normal, transposed, perColumn, BigInt(m), BigInt(n), BigInt(k), 1] as const,
        ...[pointer(a), BigInt(strideA), 0, pointer(b), BigInt(k), 0] as const,
        ...[0, pointer(c), BigInt(strideC), pointer(offset)] as const,
      ));
  };
}

/** WebAssembly hands addresses over as signed numbers: negative from 2 GiB on. */
function pointerInto(memory: WebAssembly.Memory): (address: number) => bigint {
  const base = baseOf(memory);
  return (address) => base + BigInt(address >>> 0);
}

/** Calls the library with no thread of it but the caller's. */
function onOneThread(
  { omp_get_max_threads, omp_set_num_threads, pthread_sigmask }: Library,
  name: string,
  call: () => number,
): void {
  const threads = omp_get_max_threads?.() ?? 1;
  if (threads > 1) omp_set_num_threads?.(1);
  const status = withoutSignals(pthread_sigmask, call);
  if (threads > 1) omp_set_num_threads?.(threads);
  if (status !== 0) throw new Error(`${name} failed with status ${status}`);
}
