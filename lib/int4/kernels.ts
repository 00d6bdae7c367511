import binary from "./kernel_simd.base64" with { type: "text" };

/** The exports of `assembly/index.ts`, where they are described. Parameters are numbers. */
export interface Int4Kernels {
  memory: WebAssembly.Memory;
  int4Panels(
    ...parameters: [
      ...[target: number, codes: number, rows: number, places: number],
      ...[table: number, blocks: number],
    ]
  ): void;
  int4Linear: Int4Product;
  int4Matmul: Int4Product;
}

type Int4Product = (
  ...parameters: [
    ...[y: number, stride: number, rows: number, a: number, b: number],
    ...[columnPanels: number, table: number, blocks: number, sums: number],
  ]
) => void;

let started: Int4Kernels | undefined;

/** The SIMD kernels with a memory of their own, for one thread; compiled at the first call. */
export function int4Kernels(): Int4Kernels {
  started ??= new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.fromBase64(binary)))
    .exports as unknown as Int4Kernels;
  return started;
}
