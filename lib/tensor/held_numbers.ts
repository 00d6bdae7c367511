import { AgileBackend } from "./agile.ts";
import { tf } from "./tf.ts";

/** What can be held. */
export type NumberArray = Float32Array | Int8Array;

/**
 * Numbers that grow out of tensors' lives: in the memory of the tensors where backend `agile` computes, so that its
 * kernels read them where they lie. Whoever asked for them disposes of them.
 */
export interface HeldNumbers<Kind extends NumberArray> extends Disposable {
  /** Not to be used once they are disposed of. */
  readonly values: Kind;
  /** Where they lie in the memory of `agile`; undefined elsewhere. */
  readonly address?: number;
}

/** Gives back what was forgotten, lest a program that goes on without it runs out of memory. */
const forgotten = new FinalizationRegistry<() => void>((give) => give());

/**
 * Holds so many numbers of the kind of `like`, with arbitrary contents.
 *
 * @param purpose What they are for, in messages.
 * @throws {InputError} If they do not fit the memory.
 */
export function holdNumbers<Kind extends NumberArray>(
  like: Kind,
  length: number,
  purpose: string,
): HeldNumbers<Kind> {
  const type = like.constructor as new (...from: unknown[]) => Kind;
  const backend = tf.backend();
  if (!(backend instanceof AgileBackend)) {
    return { values: new type(length), [Symbol.dispose]() {} };
  }
  const { arena } = backend.simd;
  const address = arena.take(length * like.BYTES_PER_ELEMENT, purpose);
  let isHeld = true;
  const give = () => {
    if (isHeld) arena.give(address);
    isHeld = false;
  };
  const values = new type(arena.memory.buffer, address, length);
  const held = { values, address, [Symbol.dispose]: give };
  forgotten.register(held, give);
  return held;
}

/**
 * The first numbers as a tensor: on `agile` without a copy, so that it is to be disposed of before they are.
 *
 * @param shape Of as many elements as are wanted.
 */
export function heldTensor<Rank extends tf.Rank>(
  { values, address }: HeldNumbers<Float32Array>,
  shape: tf.ShapeMap[Rank],
): tf.Tensor<Rank> {
  const backend = tf.backend();
  if (address === undefined || !(backend instanceof AgileBackend)) {
    return tf.tensor(values.subarray(0, tf.util.sizeFromShape(shape)), shape);
  }
  return tf.engine().makeTensorFromTensorInfo(backend.lend(shape, address)) as tf.Tensor<Rank>;
}
