import { BufferPool } from "./buffer_pool.ts";
import { type IntegerProduct, simdIntegerProduct } from "./integer_product.ts";
import { simdMatrixProduct } from "./matrix_product.ts";
import type { MatrixProduct } from "./matrix_product.ts";
import { nativeProducts } from "./native.ts";
import { Simd } from "./simd.ts";
import { tf } from "./tf.ts";

/** The name under which the backend is registered with TensorFlow.js. */
export const agileName = "agile";

/**
 * TensorFlow.js's own `cpu` backend, with other arithmetic for the kernels that matter here and with
 * storage that is used again when its tensors are disposed.
 */
export class AgileBackend extends tf.MathBackendCPU {
  matrixProduct: MatrixProduct;
  integerProduct: IntegerProduct;
  readonly #pool = new BufferPool();

  constructor(readonly simd: Simd) {
    super();
    this.matrixProduct = simdMatrixProduct(simd);
    this.integerProduct = simdIntegerProduct(simd);
  }

  /** Chooses the matrix products: a native library if asked for and present, else SIMD. */
  chooseProducts(native: boolean): void {
    const library = native ? nativeProducts() : undefined;
    this.matrixProduct = library?.float ?? simdMatrixProduct(this.simd);
    this.integerProduct = library?.integer ?? simdIntegerProduct(this.simd);
  }

  /** The elements of a float32 tensor, row-major: the tensor's own storage, not a copy. */
  floats(tensor: tf.TensorInfo): Float32Array {
    return this.data.get(tensor.dataId).values as Float32Array;
  }

  /** Storage for a kernel's output, with arbitrary contents. */
  allocate(length: number): Float32Array {
    return this.#pool.take(length);
  }

  /** A float32 tensor that takes over `values`. */
  output(shape: number[], values: Float32Array): tf.TensorInfo {
    return this.makeTensorInfo(shape, "float32", values);
  }

  override write(...args: Parameters<tf.MathBackendCPU["write"]>): tf.DataId {
    const [values] = args;
    if (values instanceof Float32Array) this.#pool.retain(values.buffer);
    return super.write(...args);
  }

  override disposeData(dataId: tf.DataId, force?: boolean): boolean {
    const values = this.data.has(dataId) ? this.data.get(dataId).values : undefined;
    const disposed = super.disposeData(dataId, force);
    if (disposed && values instanceof Float32Array) this.#pool.release(values.buffer);
    return disposed;
  }

  /** What leaves the backend is a copy, since its storage may be used again. */
  override readSync(dataId: tf.DataId): tf.backend_util.BackendValues {
    const values = super.readSync(dataId);
    const shared = values instanceof Float32Array && this.#pool.owns(values.buffer);
    return shared ? values.slice() : values;
  }
}

/** What a kernel is called with. */
export interface KernelCall {
  inputs: Record<string, tf.TensorInfo>;
  // deno-lint-ignore no-explicit-any -- each kernel knows the types of its own attributes.
  attrs: Record<string, any>;
  backend: AgileBackend;
}

/** A kernel of backend `agile`. */
export interface AgileKernel {
  /** TensorFlow.js's name of the kernel, or a new name. */
  name: string;
  /** Computes the outputs, or returns `undefined` to leave this call to the `cpu` kernel. */
  compute(call: KernelCall): tf.TensorInfo | tf.TensorInfo[] | undefined;
  /** How to differentiate a kernel that TensorFlow.js does not know. */
  gradient?: Omit<tf.GradConfig, "kernelName">;
}

/** Registers the backend `agile` with these kernels in place of those of `cpu`. */
export async function registerAgile(kernels: AgileKernel[]): Promise<void> {
  const simd = await Simd.load();
  tf.registerBackend(agileName, () => new AgileBackend(simd));
  tf.copyRegisteredKernels("cpu", agileName);
  for (const { name, compute, gradient } of kernels) {
    const cpu = tf.getKernel(name, "cpu");
    if (cpu) tf.unregisterKernel(name, agileName);
    tf.registerKernel({
      kernelName: name,
      backendName: agileName,
      kernelFunc: (call) => compute(call as unknown as KernelCall) ?? cpu.kernelFunc(call),
    });
    if (gradient) tf.registerGradient({ kernelName: name, ...gradient });
  }
}
