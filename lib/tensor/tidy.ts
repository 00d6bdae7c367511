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

function tensorsIn(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(tensorsIn);
}
