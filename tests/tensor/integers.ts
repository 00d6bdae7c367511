import { AgileBackend } from "../../lib/tensor/agile.ts";
import { simdIntegerProduct } from "../../lib/tensor/integer_product.ts";
import type { KernelFile } from "../../lib/tensor/kernel_module.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { Simd } from "../../lib/tensor/simd.ts";

/** Every way to multiply integers, and how to choose it. */
export const integerPaths: [name: string, choose: () => Promise<unknown>][] = [
  ["native where installed", () => useBackend("agile")],
  ["relaxed SIMD by dots", () => useSimd("kernels_relaxed.wasm", true)],
  ["relaxed SIMD by chains", () => useSimd("kernels_relaxed.wasm", false)],
  ["plain SIMD", () => useSimd("kernels_simd.wasm", false)],
];

/** A backend of its own on these kernels, whatever this processor is best at. */
async function useSimd(file: KernelFile, dots: boolean): Promise<void> {
  const name = `agile on ${file}${dots ? " by dots" : ""}`;
  if (!tf.findBackendFactory(name)) {
    const simd = await Simd.load({ files: [file] });
    simd.dots = dots;
    tf.registerBackend(name, () => new AgileBackend(simd));
    tf.copyRegisteredKernels("agile", name);
  }
  await tf.setBackend(name);
  const backend = tf.backend() as AgileBackend;
  backend.integerProduct = simdIntegerProduct;
}
