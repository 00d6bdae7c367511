import { refuse } from "../core/mod.ts";
import type { ViewType } from "./arena.ts";
import { type IntegerProduct, simdIntegerProduct } from "./integer_product.ts";
import type { MatrixProduct } from "./matrix_product.ts";
import { nativeProducts } from "./native.ts";
import { Simd } from "./simd.ts";
import { simdMatrixProduct } from "./simd_matrix_product.ts";
import { tf } from "./tf.ts";

/** The name under which the backend is registered with TensorFlow.js. */
export const agileName = "agile";

/** How the elements of a tensor lie in memory. */
const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** The types of tensors that kernels of `agile` can work on. */
export type NumericType = keyof typeof arrayTypes;

/** A tensor and where its elements lie. */
export interface Output {
  tensor: tf.TensorInfo;
  /** In bytes, a multiple of 16; 16 bytes behind the elements may be read and written, too. */
  address: number;
}

/**
 * TensorFlow.js's own `cpu` backend, with other arithmetic for the kernels that matter here and with
 * tensors in one memory that WebAssembly, its threads and native libraries work in without copies.
 *
 * What is written from outside, or by a kernel of `cpu`, comes into that memory when a kernel first
 * asks for its address.
 */
export class AgileBackend extends tf.MathBackendCPU {
  matrixProduct: MatrixProduct;
  integerProduct: IntegerProduct;
  /** Whether a native library multiplies bfloat16 faster than float32. */
  multipliesBfloats = false;
  readonly #addresses = new WeakMap<tf.DataId, number>();
  readonly #lent = new WeakSet<tf.DataId>();
  /** What the kernel that computes just now has made. */
  #outputs?: tf.DataId[];

  constructor(readonly simd: Simd) {
    super();
    this.matrixProduct = simdMatrixProduct(simd);
    this.integerProduct = simdIntegerProduct;
  }

  /** Chooses the matrix products: a native library if asked for and present, else SIMD. */
  chooseProducts(native: boolean): void {
    const library = native ? nativeProducts(this.simd.arena) : undefined;
    this.matrixProduct = library?.float ?? simdMatrixProduct(this.simd);
    this.integerProduct = library?.integer ?? simdIntegerProduct;
    this.multipliesBfloats = library?.bfloat ?? false;
  }

  /**
   * The address of a tensor's elements, row-major, as in {@linkcode Output}.
   *
   * @throws {InputError} If they have to be brought into the memory and do not fit.
   */
  addressOf({ dataId, shape, dtype }: tf.TensorInfo): number {
    const known = this.#addresses.get(dataId);
    if (known !== undefined) return known;
    const data = this.data.get(dataId);
    const values = data.values as Float32Array;
    const block = this.#allocate(shape, dtype as NumericType);
    block.values.set(values);
    data.values = block.values;
    this.#addresses.set(dataId, block.address);
    return block.address;
  }

  /** The elements of a float32 tensor, row-major: the tensor's own storage, not a copy. */
  floats(tensor: tf.TensorInfo): Float32Array {
    this.addressOf(tensor);
    return this.data.get(tensor.dataId).values as Float32Array;
  }

  /**
   * A tensor with arbitrary contents for a kernel to fill.
   *
   * @throws {InputError} If it does not fit the memory.
   */
  output(shape: number[], dtype: NumericType = "float32"): Output {
    const { address, values } = this.#allocate(shape, dtype);
    const dataId = super.write(values, shape, dtype);
    this.#addresses.set(dataId, address);
    this.#outputs?.push(dataId);
    return { tensor: { dataId, shape, dtype }, address };
  }

  /** A float32 tensor of elements that another owner frees, when the tensor is no more. */
  lend(shape: number[], address: number): tf.TensorInfo {
    const values = this.view(Float32Array, address, tf.util.sizeFromShape(shape));
    const dataId = super.write(values, shape, "float32");
    this.#addresses.set(dataId, address);
    this.#lent.add(dataId);
    return { dataId, shape, dtype: "float32" };
  }

  /** Computes a kernel. Where it throws, the outputs that it has made by then are freed. */
  compute<Result>(kernel: () => Result): Result {
    const outer = this.#outputs;
    this.#outputs = [];
    try {
      return kernel();
    } catch (error) {
      for (const dataId of this.#outputs!) this.disposeData(dataId, true);
      throw error;
    } finally {
      this.#outputs = outer;
    }
  }

  /** Calls `work` with the addresses of blocks of these sizes, which are free again afterwards. */
  scratch<Result>(bytes: number[], work: (...addresses: number[]) => Result): Result {
    return this.simd.arena.scratch(bytes, work);
  }

  /** A look into the memory. */
  view<View>(type: ViewType<View>, address: number, length: number): View {
    return this.simd.arena.view(type, address, length);
  }

  /** Performs all calls of a SIMD kernel as {@linkcode Simd.run} does. */
  run(kernel: string, calls: readonly (readonly number[])[]): void {
    this.simd.run(kernel, calls);
  }

  /** What comes from the memory belongs to another tensor (a kernel of `cpu` made a view): copied. */
  override write(...[values, ...rest]: Parameters<tf.MathBackendCPU["write"]>): tf.DataId {
    return super.write(isShared(values) ? values.slice() : values, ...rest);
  }

  override disposeData(dataId: tf.DataId, force?: boolean): boolean {
    const disposed = super.disposeData(dataId, force);
    const address = this.#addresses.get(dataId);
    if (disposed && address !== undefined) {
      this.#addresses.delete(dataId);
      if (!this.#lent.has(dataId)) this.simd.arena.give(address);
    }
    return disposed;
  }

  /** What leaves the backend is a copy, since its storage may be used again. */
  override readSync(dataId: tf.DataId): tf.backend_util.BackendValues {
    const values = super.readSync(dataId);
    return isShared(values) ? values.slice() : values;
  }

  #allocate(shape: number[], dtype: NumericType): { address: number; values: Float32Array } {
    const type = arrayTypes[dtype] as Float32ArrayConstructor;
    const length = tf.util.sizeFromShape(shape);
    const { arena } = this.simd;
    const address = arena.take(
      length * type.BYTES_PER_ELEMENT,
      () => `a ${dtype} tensor of shape ${JSON.stringify(shape)}`,
    );
    return { address, values: arena.view(type, address, length) };
  }
}

function isShared(values: tf.backend_util.BackendValues): values is Float32Array {
  return ArrayBuffer.isView(values) && values.buffer instanceof SharedArrayBuffer;
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
      kernelFunc(call) {
        const own = call as unknown as KernelCall;
        return own.backend.compute(() => compute(own)) ?? cpu.kernelFunc(call);
      },
    });
    if (gradient) tf.registerGradient({ kernelName: name, ...gradient });
  }
}

/**
 * The backend in use, for operations that `agile` alone computes.
 *
 * @param action What cannot be done on another, for the message.
 * @throws {InputError} If it is another.
 */
export function requireAgile(action: string): AgileBackend {
  const backend = tf.backend();
  if (backend instanceof AgileBackend) return backend;
  return refuse(action, "the backend must be agile", tf.getBackend());
}
