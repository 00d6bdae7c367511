import type { AgileKernel } from "../agile.ts";
import type { ElementwiseName } from "../simd.ts";
import { tf } from "../tf.ts";
import { copyStrided, rowMajorStrides } from "./strided.ts";

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

/** A kernel of two float32 inputs `a` and `b` that broadcast to the output's shape. */
export function binaryKernel(name: string, operation: ElementwiseName): AgileKernel {
  return {
    name,
    compute({ inputs: { a, b }, backend }) {
      if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const result = backend.allocate(tf.util.sizeFromShape(shape));
      const sources = [a, b].map((input) => {
        const values = backend.floats(input);
        return repeatsTo(input.shape, shape) ? values : broadcast(values, input.shape, shape);
      });
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

/** The elements of a tensor repeated along the axes that `target` has and `shape` has not or as 1. */
function broadcast(values: Float32Array, shape: number[], target: number[]): Float32Array {
  const missing = target.length - shape.length;
  const own = rowMajorStrides(shape);
  const strides = target.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]
  );
  const result = new Float32Array(tf.util.sizeFromShape(target));
  copyStrided(
    target,
    { values, offset: 0, strides },
    { values: result, offset: 0, strides: rowMajorStrides(target) },
  );
  return result;
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
