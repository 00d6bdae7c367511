import type { AgileBackend, AgileKernel, KernelCall } from "../agile.ts";
import { tf } from "../tf.ts";

/**
 * The batched product op(a) op(b) of [...batch, rows, columns] tensors whose batch axes broadcast,
 * written to new storage.
 */
function product({ inputs: { a, b }, attrs, backend }: KernelCall): {
  shape: number[];
  values: Float32Array;
} {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const n = transposeB ? rowsB : columnsB;
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const shape = [...batch, m, n];
  const values = backend.allocate(tf.util.sizeFromShape(shape));
  if (k === 0) {
    values.fill(0);
  } else if (values.length > 0) {
    const [valuesA, valuesB] = [backend.floats(a), backend.floats(b)];
    const [offsetsA, offsetsB] = [batchOffsets(batchA, batch), batchOffsets(batchB, batch)];
    offsetsA.forEach((offsetA, index) => {
      const offsetB = offsetsB[index];
      backend.matrixProduct.multiply(
        valuesA.subarray(offsetA * m * k, (offsetA + 1) * m * k),
        valuesB.subarray(offsetB * k * n, (offsetB + 1) * k * n),
        values.subarray(index * m * n, (index + 1) * m * n),
        { m, n, k, transposeA, transposeB },
      );
    });
  }
  return { shape, values };
}

/** For each matrix of the broadcast batch, in order, the index of its matrix in a `shape` batch. */
function batchOffsets(shape: number[], batch: number[]): number[] {
  let offsets = [0];
  batch.forEach((size, axis) => {
    const own = shape[axis - batch.length + shape.length] ?? 1;
    const steps = Array.from({ length: size }, (_, step) => own === 1 ? 0 : step);
    offsets = offsets.flatMap((offset) => steps.map((step) => offset * own + step));
  });
  return offsets;
}

function isFloat({ inputs: { a, b } }: KernelCall): boolean {
  return a.dtype === "float32" && b.dtype === "float32";
}

/** Adds a bias over the last axis in place, or to every element. */
function addBias(backend: AgileBackend, values: Float32Array, bias: tf.TensorInfo): void {
  backend.simd.map(backend.simd.kernels.add, [values, backend.floats(bias)], values);
}

/** Matrix products on the backend's {@linkcode AgileBackend.matrixProduct}. */
export const matmulKernels: AgileKernel[] = [
  {
    name: tf.BatchMatMul,
    compute(call) {
      if (!isFloat(call)) return undefined;
      const { shape, values } = product(call);
      return call.backend.output(shape, values);
    },
  },
  {
    name: tf._FusedMatMul,
    compute(call) {
      const { inputs: { bias }, attrs: { activation }, backend } = call;
      if (!isFloat(call) || (activation !== "linear" && activation !== "relu")) return undefined;
      if (bias && tf.util.sizeFromShape(bias.shape) !== bias.shape.at(-1)) return undefined;
      const { shape, values } = product(call);
      if (bias) addBias(backend, values, bias);
      if (activation === "relu") backend.simd.map(backend.simd.kernels.relu, [values], values);
      return backend.output(shape, values);
    },
  },
];
