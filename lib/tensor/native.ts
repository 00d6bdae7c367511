import { environment, granted } from "./environment.ts";
import { type IntegerProduct, isExact } from "./integer_product.ts";
import type { MatrixProduct } from "./matrix_product.ts";

const symbols = {
  dnnl_version: { parameters: [], result: "pointer" },
  // Transpositions, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc; row-major.
  dnnl_sgemm: {
    parameters: [
      ...(["u8", "u8", "i64", "i64", "i64", "f32"] as const),
      ...(["buffer", "i64", "buffer", "i64", "f32", "buffer", "i64"] as const),
    ],
    result: "i32",
  },
  // Transpositions, what shape the offset of C has, M, N, K, alpha, A, lda, offset of A, B, ldb, offset
  // of B, beta, C, ldc, offset of C; row-major.
  dnnl_gemm_u8s8s32: {
    parameters: [
      ...(["u8", "u8", "u8", "i64", "i64", "i64", "f32", "buffer", "i64", "u8"] as const),
      ...(["buffer", "i64", "i8", "f32", "buffer", "i64", "buffer"] as const),
    ],
    result: "i32",
  },
  omp_get_max_threads: { parameters: [], result: "i32", optional: true },
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

const [normal, transposed, fixed] = ["N", "T", "F"].map((letter) => letter.charCodeAt(0));

const noOffset = new Int32Array(1);

/** The products of a native library. */
export interface NativeProducts {
  float: MatrixProduct;
  /** Absent where the library's is not exact on this machine. */
  integer?: IntegerProduct;
}

let loaded: NativeProducts | undefined;

/**
 * The products of oneDNN, `dnnl_sgemm` and `dnnl_gemm_u8s8s32`, or `undefined` where the library is
 * not installed, may not be loaded (no permission for FFI) or is switched off by the environment
 * variable `AGILE_QUANT_NATIVE=0`. The library, once loaded, stays for the life of the process.
 */
export function nativeProducts(): NativeProducts | undefined {
  if (!granted({ name: "ffi" }) || environment(nativeVariable) === "0") return undefined;
  loaded ??= openLibrary();
  return loaded;
}

function openLibrary(): NativeProducts | undefined {
  if (granted({ name: "env", variable: spinVariable }) && !Deno.env.has(spinVariable)) {
    Deno.env.set(spinVariable, spinCount);
  }
  const names = fileNames[Deno.build.os as keyof typeof fileNames] ?? fileNames.linux;
  for (const name of names) {
    try {
      return productsOf(Deno.dlopen(name, symbols).symbols);
    } catch {
      // Not installed under this name.
    }
  }
  return undefined;
}

type Library = Deno.DynamicLibrary<typeof symbols>["symbols"];

function productsOf(library: Library): NativeProducts {
  const version = new Deno.UnsafePointerView(library.dnnl_version()!);
  const name = `oneDNN ${[0, 4, 8].map((offset) => version.getInt32(offset)).join(".")}`;
  const threads = library.omp_get_max_threads?.() ?? navigator.hardwareConcurrency;
  const integer = integerProduct(library, name, threads);
  return { float: floatProduct(library, name, threads), ...isExact(integer) && { integer } };
}

function floatProduct({ dnnl_sgemm }: Library, name: string, threads: number): MatrixProduct {
  return {
    name,
    threads,
    multiply(a, b, target, { m, n, k, transposeA, transposeB }) {
      const status = dnnl_sgemm(
        transposeA ? transposed : normal,
        transposeB ? transposed : normal,
        BigInt(m),
        BigInt(n),
        BigInt(k),
        1,
        a as Float32Array<ArrayBuffer>,
        BigInt(transposeA ? m : k),
        b as Float32Array<ArrayBuffer>,
        BigInt(transposeB ? k : n),
        0,
        target as Float32Array<ArrayBuffer>,
        BigInt(n),
      );
      if (status !== 0) throw new Error(`dnnl_sgemm failed with status ${status}`);
    },
  };
}

function integerProduct(
  { dnnl_gemm_u8s8s32 }: Library,
  name: string,
  threads: number,
): IntegerProduct {
  return {
    name,
    threads,
    multiply(a, b, target, { m, n, k, strideA, strideC }) {
      const status = dnnl_gemm_u8s8s32(
        normal,
        transposed,
        fixed,
        BigInt(m),
        BigInt(n),
        BigInt(k),
        1,
        a as Uint8Array<ArrayBuffer>,
        BigInt(strideA),
        0,
        b as Int8Array<ArrayBuffer>,
        BigInt(k),
        0,
        0,
        target as Int32Array<ArrayBuffer>,
        BigInt(strideC),
        noOffset,
      );
      if (status !== 0) throw new Error(`dnnl_gemm_u8s8s32 failed with status ${status}`);
    },
  };
}
