import type { AgileBackend, AgileKernel, Output } from "../agile.ts";
import type { Simd } from "../simd.ts";
import { split } from "../split.ts";
import { tf } from "../tf.ts";
import { copyStrided, rowMajorStrides } from "./strided.ts";

/** Elements that a call works on at least: about 10 microseconds. */
const grain = 2 ** 14;

/** The kernels of one operand in `assembly/elementwise.ts`. */
export type UnaryName = "relu" | "step" | "exp" | "sqrt" | "square" | "silu" | "gelu" | "geluTanh";

/** The kernels of two operands in `assembly/elementwise.ts`. */
export type BinaryName =
  | ("add" | "subtract" | "multiply" | "divide" | "addRelu")
  | ("siluGradient" | "geluGradient" | "geluTanhGradient");

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
  const source = backend.addressOf(x);
  const parts = split(count, grain, backend.simd.callsAtMost);
  backend.run(
    operation,
    parts.map(([first, size]) => [size, address + 4 * first, source + 4 * first]),
  );
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
    const plane = { rows: size / columns, columns, target: address, sources };
    return backend.run(operation, planeCalls(plane, [repeatedA, repeatedB], backend.simd));
  }
  backend.scratch([4 * size, 4 * size], (...whole) => {
    operands.forEach((operand, index) => expand(backend, operand, shape, whole[index]));
    const plane = { rows: 1, columns: size, target: address, sources: whole };
    backend.run(operation, planeCalls(plane, [0, 0], backend.simd));
  });
}

/** Rows and columns of an operation on two operands, and the addresses of all three. */
interface Plane {
  rows: number;
  columns: number;
  target: number;
  sources: number[];
}

/** Calls for parts of a plane's rows, or of its one row; `repetitions` as {@linkcode repetition} says. */
function planeCalls(
  { rows, columns, target, sources }: Plane,
  repetitions: number[],
  { callsAtMost }: Simd,
): number[][] {
  const whole = rows > 1;
  const parts = whole
    ? split(rows, Math.ceil(grain / columns), callsAtMost)
    : split(columns, grain, callsAtMost);
  const steps = repetitions.map((repeated) =>
    whole ? (repeated & 1 ? 0 : repeated & 2 ? 1 : columns) : repeated & 2 ? 0 : 1
  );
  return parts.map(([first, count]) => [
    ...(whole ? [count, columns] : [1, count]),
    target + 4 * first * (whole ? columns : 1),
    ...sources.map((source, index) => source + 4 * first * steps[index]),
    repetitions[0] | repetitions[1] << 2,
  ]);
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
    backend,
    shape,
    { address: operand.address, offset: 0, strides },
    { address: target, offset: 0, strides: rowMajorStrides(shape) },
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
