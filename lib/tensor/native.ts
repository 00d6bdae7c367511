import type { Arena } from "./arena.ts";
import { askForHugePages } from "./huge_pages.ts";
import {
  type ByteProducts,
  type ByteShape,
  type IntegerProduct,
  isExact,
} from "./integer_product.ts";
import { BytePrimitives } from "./matmul_primitive.ts";
import type { MatrixProduct } from "./matrix_product.ts";
import {
  baseOf,
  isSwitchedOff,
  type Library,
  onOneThread,
  openLibrary,
  versionOf,
} from "./onednn.ts";
import { withoutSignals } from "./signal_mask.ts";

const [normal, transposed, fixed] = ["N", "T", "F"].map((letter) => letter.charCodeAt(0));

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

/**
 * The products of oneDNN, `dnnl_sgemm` and those of bytes, or `undefined` where the library is not
 * installed, may not be loaded (no permission for FFI) or is switched off by the environment variable
 * `AGILE_QUANT_NATIVE=0`. The library, once loaded, stays for the life of the process.
 *
 * @param arena Where the matrices lie.
 */
export function nativeProducts(arena: Arena): NativeProducts | undefined {
  if (isSwitchedOff()) return undefined;
  const library = openLibrary();
  return library && productsOf(library, arena);
}

function productsOf(library: Library, arena: Arena): NativeProducts {
  const name = `oneDNN ${versionOf(library).join(".")}`;
  const threads = library.omp_get_max_threads?.() ?? navigator.hardwareConcurrency;
  const base = baseOf(arena.memory);
  askForHugePages(library.madvise, base, arena.mostBytes);
  const integer = integerProduct(library, arena, name);
  const float = floatProduct(library, { name, threads, base });
  return { float, ...integer, bfloat: hasBfloat(library) };
}

/** What oneDNN calls AVX-512 with instructions for bfloat16; what has more, as AMX, has these bits too. */
const bfloatInstructions = 0xe7;

function hasBfloat({ dnnl_gemm_bf16bf16f32, dnnl_get_effective_cpu_isa }: Library): boolean {
  const instructions = dnnl_get_effective_cpu_isa?.() ?? 0;
  return dnnl_gemm_bf16bf16f32 !== null &&
    (instructions & bfloatInstructions) === bfloatInstructions;
}

/** All rows and columns of a tile that the kernel multiplies, and depths of blocks, with tails and without. */
const [rowCounts, columnCounts, depths] = [[16, 32, 48, 64], [64, 128, 192, 256], [4, 68, 512]];

/** The deepest block that is multiplied. */
const deepest: ByteShape = { m: 64, n: 64, k: 2 ** 14 };

/**
 * By the matmul primitive where it reads panels and is exact, else by `dnnl_gemm_u8s8s32` where that is;
 * on processors other than x86 that one is a plain loop, slower than SIMD.
 */
function integerProduct(
  library: Library,
  arena: Arena,
  name: string,
): { integer: IntegerProduct } | undefined {
  const multiply = byteProducts(arena.memory);
  const shapes = rowCounts.flatMap((m) =>
    columnCounts.flatMap((n) => depths.map((k): ByteShape => ({ m, n, k })))
  ).concat(deepest);
  let inPanels = false;
  onOneThread(library, "dnnl_primitive_create", () => {
    const primitives = new BytePrimitives(library);
    inPanels = shapes.every(({ m, n, k }) => primitives.has(m, n, k));
    return 0;
  });
  for (const panels of inPanels ? [true, false] : [false]) {
    if (!panels && Deno.build.arch !== "x86_64") continue;
    if (isExact(multiply, panels, shapes, arena)) {
      return { integer: { name, native: true, panels } };
    }
  }
}

/** What the products of a library have in common. */
interface NativeContext {
  name: string;
  threads: number;
  /** Where the tensors' memory lies in this process. */
  base: bigint;
}

function floatProduct(
  { dnnl_sgemm, pthread_sigmask }: Library,
  { name, threads, base }: NativeContext,
): MatrixProduct {
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
          const [left, right, target] = [a, b, c].map((address) => base + BigInt(address));
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

/**
 * The product of floats of oneDNN for the kernels of one thread, whose own affair it then is: other
 * threads of the library stay out of it.
 *
 * @param memory What its addresses point into.
 * @returns Opens the library when first called.
 */
export function threadFloatProduct(memory: WebAssembly.Memory): ThreadFloatProduct {
  return openedWhenCalled(() => ownFloatProduct(memory, "dnnl_sgemm"));
}

/** The product of bfloat16, with sums in float32, as {@linkcode threadFloatProduct} is one of floats. */
export function threadBfloatProduct(memory: WebAssembly.Memory): ThreadFloatProduct {
  return openedWhenCalled(() => ownFloatProduct(memory, "dnnl_gemm_bf16bf16f32"));
}

/** Products of bytes as {@linkcode threadFloatProduct} is one of floats. */
export function byteProducts(memory: WebAssembly.Memory): ByteProducts {
  return openedWhenCalled(() => ownByteProducts(memory));
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

function ownFloatProduct(
  memory: WebAssembly.Memory,
  name: "dnnl_sgemm" | "dnnl_gemm_bf16bf16f32",
): ThreadFloatProduct {
  const library = openLibrary()!;
  const multiply = library[name]!;
  const base = baseOf(memory);
  const pointer = (address: number) => base + BigInt(address >>> 0);
  return (a, strideA, b, strideB, transposeB, c, strideC, m, n, k) => {
    onOneThread(library, name, () =>
      multiply(
        ...[normal, transposeB ? transposed : normal, BigInt(m), BigInt(n), BigInt(k), 1] as const,
        ...[pointer(a), BigInt(strideA), pointer(b), BigInt(strideB)] as const,
        ...[0, pointer(c), BigInt(strideC)] as const,
      ));
  };
}

function ownByteProducts(memory: WebAssembly.Memory): ByteProducts {
  const library = openLibrary()!;
  const base = baseOf(memory);
  const primitives = new BytePrimitives(library);
  const zero = new Int32Array(new ArrayBuffer(4)); // not one that the garbage collector may move
  const inRows = (a: bigint, b: bigint, c: bigint, m: number, n: number, k: number) =>
    library.dnnl_gemm_u8s8s32(
      ...[normal, transposed, fixed, BigInt(m), BigInt(n), BigInt(k), 1] as const,
      ...[a, BigInt(k), 0, b, BigInt(k), 0] as const,
      ...[0, c, BigInt(n), Deno.UnsafePointer.value(Deno.UnsafePointer.of(zero))] as const,
    );
  return (products, count, m, n, panels) => {
    // WebAssembly hands addresses over as signed numbers: negative from 2 GiB on.
    const words = new Uint32Array(memory.buffer, products >>> 0, 4 * count);
    onOneThread(library, panels ? "dnnl_primitive_execute" : "dnnl_gemm_u8s8s32", () => {
      for (let product = 0; product < words.length; product += 4) {
        const [a, b, c] = [0, 1, 2].map((word) => base + BigInt(words[product + word]));
        const k = words[product + 3];
        const status = panels ? primitives.multiply(a, b, c, m, n, k) : inRows(a, b, c, m, n, k);
        if (status !== 0) return status;
      }
      return 0;
    });
  };
}
