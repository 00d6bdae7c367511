import type { AgileKernel } from "../agile.ts";
import type { Simd } from "../simd.ts";
import { tf } from "../tf.ts";

type ElementwiseName = {
  [Name in keyof Simd["kernels"]]: Simd["kernels"][Name] extends
    (count: number, target: number, ...sources: number[]) => void ? Name : never;
}[keyof Simd["kernels"]];

/** A kernel of one float32 input `x`. A slope `alpha` other than 0, as `Step` has, is for `cpu`. */
export function unaryKernel(name: string, operation: ElementwiseName): AgileKernel {
  return {
    name,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32" || attrs?.alpha) return undefined;
      const values = backend.floats(x);
      const result = backend.allocate(values.length);
      backend.simd.map(backend.simd.kernels[operation], [values], result);
      return backend.output(x.shape, result);
    },
  };
}

/**
 * A kernel of two float32 inputs `a` and `b`, where one has the output's shape and the other that
 * shape's last axes (a row, a scalar); other broadcasts are left to `cpu`.
 */
export function binaryKernel(name: string, operation: ElementwiseName): AgileKernel {
  return {
    name,
    compute({ inputs: { a, b }, backend }) {
      if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      if (!repeatsTo(a.shape, shape) || !repeatsTo(b.shape, shape)) return undefined;
      const sources = [backend.floats(a), backend.floats(b)];
      const size = tf.util.sizeFromShape(shape);
      if (sources.every((source) => source.length < size)) return undefined;
      const result = backend.allocate(size);
      backend.simd.map(backend.simd.kernels[operation], sources, result);
      return backend.output(shape, result);
    },
  };
}

/** Whether `target` is `shape`, leading ones aside, behind further axes. */
function repeatsTo(shape: number[], target: number[]): boolean {
  const first = shape.findIndex((size) => size !== 1);
  const tail = first < 0 ? [] : shape.slice(first);
  return tail.every((size, axis) => size === target[target.length - tail.length + axis]);
}

/** Float32 arithmetic on the SIMD kernels. */
export const elementwiseKernels: AgileKernel[] = [
  binaryKernel(tf.Add, "add"),
  binaryKernel(tf.Sub, "subtract"),
  binaryKernel(tf.Multiply, "multiply"),
  binaryKernel(tf.RealDiv, "divide"),
  unaryKernel(tf.Relu, "relu"),
  unaryKernel(tf.Step, "step"),
  unaryKernel(tf.Exp, "exp"),
  unaryKernel(tf.Sqrt, "sqrt"),
  unaryKernel(tf.Square, "square"),
];
