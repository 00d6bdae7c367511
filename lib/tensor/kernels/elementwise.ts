import type { AgileBackend, AgileKernel, Output } from "../agile.ts";
import { tf } from "../tf.ts";
import { copyStrided, rowMajorStrides } from "./strided.ts";

/** The kernels of one operand in `assembly/elementwise.ts`. */
export type UnaryName = "relu" | "step" | "exp" | "sqrt" | "square" | "silu" | "gelu";

/** The kernels of two operands in `assembly/elementwise.ts`. */
export type BinaryName =
  | ("add" | "subtract" | "multiply" | "divide")
  | ("siluGradient" | "geluGradient");

/** A kernel of one float32 input `x`. A slope `alpha` other than 0, as `Step` has, is for `cpu`. */
export function unaryKernel(name: string, operation: UnaryName): AgileKernel {
  return {
    name,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32" || attrs?.alpha) return undefined;
      const output = backend.output(x.shape);
      applyUnary(backend, operation, output, x);
      return output.tensor;
    },
  };
}

/** A kernel of two float32 inputs `a` and `b` that broadcast to the output's shape. */
export function binaryKernel(name: string, operation: BinaryName): AgileKernel {
  return {
    name,
    compute({ inputs: { a, b }, backend }) {
      if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
      const output = backend.output(tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape));
      applyBinary(backend, operation, output, a, b);
      return output.tensor;
    },
  };
}

/** output = operation(x); x may be the output itself. */
export function applyUnary(
  backend: AgileBackend,
  operation: UnaryName,
  { tensor, address }: Output,
  x: tf.TensorInfo,
): void {
  const count = tf.util.sizeFromShape(tensor.shape);
  backend.run(operation, [[count, address, backend.addressOf(x)]]);
}

/** output = operation(a, b), which broadcast to its shape; one of that shape may be the output. */
export function applyBinary(
  backend: AgileBackend,
  operation: BinaryName,
  { tensor: { shape }, address }: Output,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): void {
  const size = tf.util.sizeFromShape(shape);
  if (size === 0) return;
  const operands = [a, b].map((tensor) => ({
    shape: [...shape.slice(tensor.shape.length).fill(1), ...tensor.shape],
    address: backend.addressOf(tensor),
  }));
  const sources = operands.map((operand) => operand.address);
  for (let axis = 0; axis <= shape.length; axis++) {
    const [repeatedA, repeatedB] = operands.map((operand) =>
      repetition(operand.shape, shape, axis)
    );
    if (repeatedA === undefined || repeatedB === undefined) continue;
    const columns = tf.util.sizeFromShape(shape.slice(axis));
    const repeated = repeatedA | repeatedB << 2;
    return backend.run(operation, [[size / columns, columns, address, ...sources, repeated]]);
  }
  backend.scratch([4 * size, 4 * size], (...whole) => {
    operands.forEach((operand, index) => expand(backend, operand, shape, whole[index]));
    backend.run(operation, [[1, size, address, ...whole, 0]]);
  });
}

/**
 * How an operand of shape `own` fills `shape` if the axes before `axis` become rows and the others
 * columns: 1 if it has one row for all, 2 if one column, 3 if one element; `undefined` if neither that
 * nor the whole.
 */
function repetition(own: number[], shape: number[], axis: number): number | undefined {
  const [rows, columns] = [[0, axis], [axis, shape.length]].map(([start, end]) => {
    const [part, whole] = [own.slice(start, end), shape.slice(start, end)];
    if (part.every((size, index) => size === whole[index])) return 0;
    return part.every((size) => size === 1) ? 1 : undefined;
  });
  return rows === undefined || columns === undefined ? undefined : rows | columns << 1;
}

/** Writes the elements of an operand repeated along the axes that `shape` has and it has as 1. */
function expand(
  backend: AgileBackend,
  operand: { shape: number[]; address: number },
  shape: number[],
  target: number,
): void {
  const own = rowMajorStrides(operand.shape);
  const strides = shape.map((_, axis) => operand.shape[axis] === 1 ? 0 : own[axis]);
  copyStrided(
    shape,
    {
      values: backend.view(Float32Array, operand.address, tf.util.sizeFromShape(operand.shape)),
      offset: 0,
      strides,
    },
    {
      values: backend.view(Float32Array, target, tf.util.sizeFromShape(shape)),
      offset: 0,
      strides: rowMajorStrides(shape),
    },
  );
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
