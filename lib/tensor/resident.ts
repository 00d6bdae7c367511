import { AgileBackend } from "./agile.ts";
import { tf } from "./tf.ts";

/**
 * Storage with any contents that the kernels of `agile` can read where it is. Nobody frees it: what is
 * no longer referred to goes back some time after the caller has returned to the event loop. Where
 * another backend computes, or the memory of the tensors is full, it is an ordinary array.
 */
export function residentFloats(length: number): Float32Array {
  const backend = tf.backend();
  const resident = backend instanceof AgileBackend ? backend.resident(length) : undefined;
  return resident ?? new Float32Array(length);
}

/**
 * A tensor of the numbers that storage begins with: no copy where the storage is resident. Write to
 * no number of the tensor as long as it lives.
 *
 * @param storage Of {@linkcode residentFloats}.
 */
export function residentTensor(storage: Float32Array, shape: [number, number]): tf.Tensor2D {
  const backend = tf.backend();
  const adopted = backend instanceof AgileBackend ? backend.adopt(storage, shape) : undefined;
  if (adopted) return tf.engine().makeTensorFromTensorInfo(adopted) as tf.Tensor2D;
  return tf.tensor2d(storage.slice(0, shape[0] * shape[1]), shape);
}
