import { environment } from "./environment.ts";

/** Computes `count` elements at `target` from those at `sources`; all are byte addresses. */
export type ElementwiseKernel = (count: number, target: number, ...sources: number[]) => void;

/** The elementwise kernels of `assembly/elementwise.ts`. */
export type ElementwiseName =
  | ("relu" | "step" | "exp" | "sqrt" | "square" | "silu" | "gelu")
  | ("add" | "subtract" | "multiply" | "divide" | "siluGradient" | "geluGradient");

/** The exports of `assembly/index.ts`; what is no count, size or factor is an address in bytes. */
interface KernelExports extends Record<ElementwiseName, ElementwiseKernel> {
  memory: WebAssembly.Memory;
  causalSoftmax(
    queries: number,
    keys: number,
    target: number,
    scores: number,
    bias: number,
    scale: number,
  ): void;
  causalSoftmaxGradient(
    queries: number,
    keys: number,
    target: number,
    probabilities: number,
    gradient: number,
    scale: number,
  ): void;
  logSumExpParts(rows: number, columns: number, target: number, x: number): void;
  scaledExp(
    rows: number,
    columns: number,
    target: number,
    x: number,
    shift: number,
    factor: number,
  ): void;
  matmul(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transposeA: boolean,
    transposeB: boolean,
    packed: number,
  ): void;
  integerMatmul(
    a: number,
    strideA: number,
    b: number,
    c: number,
    m: number,
    n: number,
    depth: number,
  ): void;
  unpackInt4(
    target: number,
    packed: number,
    zeroPoints: number,
    factors: number,
    rows: number,
    depth: number,
  ): void;
  addScaled(
    y: number,
    c: number,
    scale: number,
    offset: number,
    zero: number,
    sums: number,
    rows: number,
    columns: number,
  ): void;
}

/** A kind of typed array that can look into the scratch memory. */
type ViewType<View> = new (buffer: ArrayBufferLike, address: number, length: number) => View;

/** The compiled kernels, the fastest first: with and without relaxed SIMD. */
const moduleFiles = ["kernels_relaxed.wasm", "kernels_simd.wasm"];

/** The environment variable that, set to 0, keeps relaxed SIMD from being used. */
const relaxedVariable = "AGILE_QUANT_RELAXED_SIMD";

function permittedFiles(): string[] {
  return environment(relaxedVariable) === "0" ? moduleFiles.slice(1) : moduleFiles;
}

/** Elements that one step of {@linkcode Simd.map} works on: three operands fit the cache. */
const chunkLength = 8192;

/** The first bytes of the memory belong to the compiled module. */
const firstAddress = 4096;

const pageBytes = 65536;

/**
 * The WebAssembly SIMD kernels and the scratch memory that they work in. Nothing stays in that
 * memory from one call to the next.
 */
export class Simd {
  readonly kernels: KernelExports;
  #floats: Float32Array = new Float32Array();

  private constructor(kernels: KernelExports) {
    this.kernels = kernels;
  }

  /**
   * Loads the first of the compiled modules that this engine can run.
   *
   * @throws {Error} If it can run none: it has no WebAssembly SIMD.
   */
  static async load(files: readonly string[] = permittedFiles()): Promise<Simd> {
    for (const file of files) {
      const binary = await Deno.readFile(new URL(file, import.meta.url));
      if (!WebAssembly.validate(binary)) continue;
      const { instance } = await WebAssembly.instantiate(binary);
      return new Simd(instance.exports as unknown as KernelExports);
    }
    throw new Error("this JavaScript engine has no WebAssembly SIMD");
  }

  /**
   * Lays arrays of the given lengths (in floats) out in scratch memory, with room for one more
   * vector behind each, and returns their byte addresses, multiples of 16.
   */
  reserve(...lengths: number[]): number[] {
    let end = firstAddress;
    const addresses = lengths.map((length) => {
      const address = end;
      end += Math.ceil(length / 4) * 16 + 16;
      return address;
    });
    const missing = end - this.kernels.memory.buffer.byteLength;
    if (missing > 0) this.kernels.memory.grow(Math.ceil(missing / pageBytes));
    if (this.#floats.buffer !== this.kernels.memory.buffer) {
      this.#floats = new Float32Array(this.kernels.memory.buffer);
    }
    return addresses;
  }

  /** Copies values to a reserved address. */
  write(address: number, values: Float32Array): void {
    this.#floats.set(values, address / 4);
  }

  /** A view of `length` reserved floats, valid until the next {@linkcode reserve}. */
  view(address: number, length: number): Float32Array {
    return this.#floats.subarray(address / 4, address / 4 + length);
  }

  /** A view of `length` reserved elements of another type, valid until the next {@linkcode reserve}. */
  viewAs<View>(type: ViewType<View>, address: number, length: number): View {
    return new type(this.kernels.memory.buffer, address, length);
  }

  /**
   * target = kernel(...sources), elementwise. A source that is shorter than the target repeats; its
   * length divides the target's. Sources may be the target itself.
   */
  map(kernel: ElementwiseKernel, sources: Float32Array[], target: Float32Array): void {
    const length = target.length;
    if (length === 0) return;
    const shortest = Math.min(...sources.map((source) => source.length));
    const period = shortest < length ? shortest : 1;
    const chunk = Math.min(length, period * Math.max(1, Math.floor(chunkLength / period)));
    const [output, ...inputs] = this.reserve(chunk, ...sources.map(() => chunk));
    sources.forEach((source, index) => {
      if (source.length === length) return;
      for (let i = 0; i < chunk; i += period) this.write(inputs[index] + 4 * i, source);
    });
    for (let start = 0; start < length; start += chunk) {
      const end = Math.min(start + chunk, length);
      sources.forEach((source, index) => {
        if (source.length === length) this.write(inputs[index], source.subarray(start, end));
      });
      kernel(end - start, output, ...inputs);
      target.set(this.view(output, end - start), start);
    }
  }
}
