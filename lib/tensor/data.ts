import { require } from "../core/mod.ts";
import { tf } from "./tf.ts";

/**
 * The elements of a float32 tensor, row-major. On `agile` and `cpu` this is the tensor's own
 * storage: do not write to it, and do not read it after the tensor is disposed. On other backends
 * it is a copy.
 *
 * @throws {InputError} If the tensor is not float32.
 */
export function tensorData(tensor: tf.Tensor): Float32Array {
  require(tensor.dtype === "float32", "read a tensor", "it must be float32", tensor.dtype);
  return tensor.dataSync<"float32">() as Float32Array;
}
