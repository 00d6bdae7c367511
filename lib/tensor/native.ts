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

const [normal, transposed] = ["N", "T"].map((letter) => letter.charCodeAt(0));

let loaded: MatrixProduct | undefined;

/**
 * The product on oneDNN's `dnnl_sgemm`, or `undefined` where the library is not installed, may not
 * be loaded (no permission for FFI) or is switched off by the environment variable
 * `AGILE_QUANT_NATIVE=0`. The library, once loaded, stays for the life of the process.
 */
export function nativeMatrixProduct(): MatrixProduct | undefined {
  if (!granted({ name: "ffi" }) || environment(nativeVariable) === "0") return undefined;
  loaded ??= openLibrary();
  return loaded;
}

function granted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

function environment(variable: string): string | undefined {
  return granted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}

function openLibrary(): MatrixProduct | undefined {
  if (granted({ name: "env", variable: spinVariable }) && !Deno.env.has(spinVariable)) {
    Deno.env.set(spinVariable, spinCount);
  }
  const names = fileNames[Deno.build.os as keyof typeof fileNames] ?? fileNames.linux;
  for (const name of names) {
    try {
      return sgemmProduct(Deno.dlopen(name, symbols));
    } catch {
      // Not installed under this name.
    }
  }
  return undefined;
}

function sgemmProduct(library: Deno.DynamicLibrary<typeof symbols>): MatrixProduct {
  const { dnnl_sgemm, dnnl_version, omp_get_max_threads } = library.symbols;
  const version = new Deno.UnsafePointerView(dnnl_version()!);
  return {
    name: `oneDNN ${[0, 4, 8].map((offset) => version.getInt32(offset)).join(".")}`,
    threads: omp_get_max_threads?.() ?? navigator.hardwareConcurrency,
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
