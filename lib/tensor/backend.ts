import { require } from "../core/mod.ts";
import { AgileBackend, agileName, registerAgile } from "./agile.ts";
import { replacedKernels } from "./kernels/mod.ts";
import { fusedKernels } from "./ops/mod.ts";
import { tf } from "./tf.ts";

/** How tensors are computed. */
export interface BackendInfo {
  /** TensorFlow.js's name of the backend in use. */
  backend: string;
  /** What multiplies matrices, e.g. `oneDNN 2.6.3`, `WebAssembly SIMD` or `TensorFlow.js cpu`. */
  matrixProduct: string;
  /** What multiplies integer matrices; on `agile` only. */
  integerProduct?: string;
  /** What the other kernels compute with, e.g. `relaxed SIMD` or `SIMD`; on `agile` only. */
  instructions?: string;
  /** Threads that multiply matrices. */
  threads: number;
}

/**
 * Makes a backend the one that computes from here on, and says what it runs on.
 *
 * `agile` multiplies matrices with oneDNN where that is installed and FFI is permitted, and with
 * WebAssembly SIMD otherwise, or if `native` is false or the environment variable
 * `AGILE_QUANT_NATIVE` is 0. Any other name is a backend registered with TensorFlow.js: `cpu`, or
 * one whose package the caller has imported.
 *
 * @throws {InputError} If no backend has this name or it cannot start here.
 */
export async function useBackend(
  name: string,
  options: { native?: boolean } = {},
): Promise<BackendInfo> {
  tf.enableProdMode(); // silences the advice, taking Deno for Node.js, to install another package
  if (name === agileName && !tf.findBackendFactory(agileName)) {
    await registerAgile([...replacedKernels, ...fusedKernels]);
  }
  const action = `use backend ${name}`;
  require(tf.findBackendFactory(name) != null, action, "it must be registered", name);
  require(await tf.setBackend(name), action, "it must be able to start here");
  const backend = tf.backend();
  if (!(backend instanceof AgileBackend)) {
    return { backend: name, matrixProduct: `TensorFlow.js ${name}`, threads: 1 };
  }
  backend.chooseProducts(options.native ?? true);
  const { matrixProduct, integerProduct } = backend;
  return {
    backend: name,
    matrixProduct: matrixProduct.name,
    integerProduct: integerProduct.name,
    instructions: backend.simd.instructions + (backend.simd.wide ? " on 256 bits" : ""),
    threads: matrixProduct.threads,
  };
}

/** Whether a native library multiplies integer matrices for the backend in use. */
export function multipliesBytesNatively(): boolean {
  const backend = tf.backend();
  return backend instanceof AgileBackend && backend.integerProduct.native;
}
