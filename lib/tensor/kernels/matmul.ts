import type { AgileKernel, KernelCall, Output } from "../agile.ts";
import { packedShape } from "../matrix_product.ts";
import { tf } from "../tf.ts";
import { applyBinary, applyUnary } from "./elementwise.ts";

/** The batched product op(a) op(b) of [...batch, rows, columns] tensors whose batch axes broadcast. */
function product({ inputs: { a, b }, attrs, backend }: KernelCall): Output {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const n = transposeB ? rowsB : columnsB;
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const [addressA, addressB] = [backend.addressOf(a), backend.addressOf(b)];
  const output = backend.output([...batch, m, n]);
  const size = tf.util.sizeFromShape(output.tensor.shape);
  if (k === 0) {
    backend.view(Float32Array, output.address, size).fill(0);
  } else if (size > 0) {
    const offsetsB = batchOffsets(batchB, batch);
    const products = batchOffsets(batchA, batch).map((offsetA, index) => ({
      a: addressA + 4 * offsetA * m * k,
      b: addressB + 4 * offsetsB[index] * k * n,
      c: output.address + 4 * index * m * n,
    }));
    backend.matrixProduct.multiply(products, packedShape({ m, n, k, transposeA, transposeB }));
  }
  return output;
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

/** Matrix products on the backend's `matrixProduct`. */
export const matmulKernels: AgileKernel[] = [
  {
    name: tf.BatchMatMul,
    compute(call) {
      return isFloat(call) ? product(call).tensor : undefined;
    },
  },
  {
    name: tf._FusedMatMul,
    compute(call) {
      const { inputs: { bias }, attrs: { activation }, backend } = call;
      if (!isFloat(call) || (activation !== "linear" && activation !== "relu")) return undefined;
      if (bias && tf.util.sizeFromShape(bias.shape) !== bias.shape.at(-1)) return undefined;
      const output = product(call);
      const relu = activation === "relu";
      if (bias) applyBinary(backend, relu ? "addRelu" : "add", output, output.tensor, bias);
      else if (relu) applyUnary(backend, "relu", output, output.tensor);
      return output.tensor;
    },
  },
];
