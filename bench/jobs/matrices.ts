import { linear, multiplyIntegers, tf } from "../../lib/tensor/mod.ts";
import type { Scope } from "../harness/serve.ts";
import { time, type Turn } from "../harness/turn.ts";

/** The bare product of matrices, `[rows, depth]` and `[outputs, depth]`, in floats or integers. */
export interface MatricesJob {
  rows: number;
  depth: number;
  outputs: number;
  numbers: "float32" | "int8";
}

/** Gets a product of zeros ready on the backend in use. */
export function prepareMatrices(
  { rows, depth, outputs, numbers }: MatricesJob,
  scope: Scope,
): Turn {
  if (numbers === "int8") {
    const [a, b] = [new Uint8Array(rows * depth), new Int8Array(outputs * depth)];
    const sums = new Int32Array(rows * outputs);
    return async () => ({ time: await time(() => multiplyIntegers(a, b, depth, sums)) });
  }
  const [x, weight] = [tf.zeros([rows, depth]), tf.zeros([outputs, depth])] as tf.Tensor2D[];
  scope.onEnd(() => tf.dispose([x, weight]));
  return async () => ({ time: await time(() => linear(x, weight).dispose()) });
}
