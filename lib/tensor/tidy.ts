import { tf } from "./tf.ts";

/**
 * `tf.tidy` for results of any type: frees every tensor made inside `run` but those found in what
 * it returns, in nested objects and arrays too.
 */
export function tidy<Result>(run: () => Result): Result {
  return tf.tidy(run as () => tf.TensorContainer) as Result;
}
