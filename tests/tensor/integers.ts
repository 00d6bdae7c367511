import { AgileBackend } from "../../lib/tensor/agile.ts";
import { simdIntegerProduct } from "../../lib/tensor/integer_product.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";
import { Simd } from "../../lib/tensor/simd.ts";

/** Every way to multiply integers, and how to choose it. */
export const integerPaths: [name: string, choose: () => Promise<unknown>][] = [
  ["native where installed", () => useBackend("agile")],
  ["relaxed SIMD", () => useBackend("agile", { native: false })],
  ["plain SIMD", () => usePlainSimd()],
];

const plainName = "agile without relaxed SIMD";

/** A backend of its own on the kernels without relaxed SIMD. */
async function usePlainSimd(): Promise<void> {
  if (!tf.findBackendFactory(plainName)) {
    const simd = await Simd.load({ files: ["kernels_simd.wasm"] });
    tf.registerBackend(plainName, () => new AgileBackend(simd));
    tf.copyRegisteredKernels("agile", plainName);
  }
  await tf.setBackend(plainName);
  const backend = tf.backend() as AgileBackend;
  backend.integerProduct = simdIntegerProduct;
}
