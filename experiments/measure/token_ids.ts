import { require } from "../../lib/core/mod.ts";
import type { Model } from "../../lib/model/mod.ts";

/**
 * Token ids for a model, once it is sure that the model knows all of them.
 *
 * @param values Integers.
 * @param source Where they come from, for the message: a file, a text.
 * @throws {InputError} If one is outside the model's vocabulary.
 */
export function tokenIds(
  values: ArrayLike<number>,
  model: Pick<Model, "name" | "architecture">,
  source: string,
): Int32Array {
  const { vocabularySize } = model.architecture;
  const strange = Array.from(values).find((id) => id < 0 || id >= vocabularySize);
  const rule = `token ids of ${model.name} are 0..${vocabularySize - 1}`;
  require(strange === undefined, `use ${source}`, rule, strange);
  return Int32Array.from(values);
}
