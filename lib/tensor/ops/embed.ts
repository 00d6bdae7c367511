import { require } from "../../core/mod.ts";
import { tf } from "../tf.ts";

/**
 * The rows of an embedding table for a list of tokens.
 *
 * @param table [vocabulary, channels]
 * @param ids [rows], each in 0..vocabulary-1
 * @returns [rows, channels]
 * @throws {InputError} If an id is outside the table.
 */
export function embed(table: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
  const vocabulary = table.shape[0];
  const stranger = ids.find((id) => id < 0 || id >= vocabulary);
  require(
    stranger === undefined,
    "look tokens up",
    `ids must be 0..${vocabulary - 1}`,
    stranger,
  );
  return tf.tidy(() => tf.gather(table, tf.tensor1d(ids, "int32")));
}
