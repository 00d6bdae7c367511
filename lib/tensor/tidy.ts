import { tf } from "./tf.ts";

/**
 * `tf.tidy` for results of any type: frees every tensor made inside `run` but those in what it
 * returns, nested objects and arrays included. Typed arrays in the result cost nothing, where
 * `tf.tidy` visits each of their elements.
 */
export function tidy<Result>(run: () => Result): Result {
  let result!: Result;
  tf.tidy(() => {
    result = run();
    return tensorsIn(result);
  });
  return result;
}

/**
 * {@linkcode tidy} whose result outlasts the tidying around it too: for what has an owner. Where `run`
 * throws, the tensors that it has made by then are freed.
 */
export function kept<Result>(run: () => Result): Result {
  const result = tidy(run);
  tensorsIn(result).forEach((tensor) => tf.keep(tensor));
  return result;
}

function tensorsIn(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(tensorsIn);
}
