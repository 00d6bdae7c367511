import { require } from "../core/mod.ts";
import { AgileBackend } from "./agile.ts";
import { blockBytes } from "./arena.ts";
import { tf } from "./tf.ts";

/**
 * The elements of a float32 tensor, row-major. On `agile` this is the tensor's own storage: do not
 * write to it, and do not read it after the tensor is disposed, when the next tensor may lie there.
 * `dataSync` of TensorFlow.js gives a copy that lasts.
 *
 * @throws {InputError} If the tensor is not float32.
 */
export function tensorData(tensor: tf.Tensor): Float32Array {
  require(tensor.dtype === "float32", "read a tensor", "it must be float32", tensor.dtype);
  const backend = tf.backend();
  const here = backend instanceof AgileBackend && backend.data.has(tensor.dataId);
  return here ? backend.floats(tensor) : tensor.dataSync<"float32">() as Float32Array;
}

/**
 * Whether the backend in use hands out what it has computed at once. `webgpu` outside of a browser does
 * not: what its operations would refuse for a value goes through.
 */
export function readsAtOnce(): boolean {
  return tf.getBackend() !== "webgpu";
}

/** What the memory of all tensors has grown to, in bytes; 0 on other backends than `agile`. */
export function arenaBytes(): number {
  const backend = tf.backend();
  return backend instanceof AgileBackend ? backend.simd.arena.memory.buffer.byteLength : 0;
}

/** What a new tensor of so many elements of 4 bytes takes of {@linkcode freeBytes}. */
export function tensorBytes(elements: number): number {
  return blockBytes(4 * elements);
}

/** How many bytes new tensors may take in memory; without limit on other backends than `agile`. */
export function freeBytes(): number {
  const backend = tf.backend();
  return backend instanceof AgileBackend ? backend.simd.arena.bytesFree : Infinity;
}
