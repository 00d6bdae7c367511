import { require } from "../core/mod.ts";
import type { Tokenizer } from "../io/mod.ts";
import type { Model } from "./model.ts";

/** Where the start token of a text may stand. */
export const startTokenPlaces = ["none", "once", "window"] as const;
export type StartTokenPlace = typeof startTokenPlaces[number];

/**
 * The start token of a text: none, once in front of the whole text (GPTQ's protocol where the
 * tokenizer adds one: the text is tokenized once, special tokens included), or first in every window.
 */
export type StartToken = { place: "none" } | { place: "once" | "window"; id: number };

/**
 * The start token that belongs to a text of a model: in every window where the model was trained so,
 * else once where the tokenizer puts one in front of a text, else none.
 *
 * @param tokenizer What makes the text's ids; undefined for ids that are taken as they are.
 * @param place Asks for this place instead.
 * @throws {InputError} If neither the model nor the tokenizer has a start token to put there, or the
 *   model does not know it.
 */
export function chooseStartToken(
  { name, architecture }: Pick<Model, "name" | "architecture">,
  tokenizer?: Pick<Tokenizer, "startToken">,
  place?: StartTokenPlace,
): StartToken {
  const { startToken, startsEveryWindow } = architecture;
  const added = tokenizer?.startToken;
  place ??= startsEveryWindow ? "window" : added === undefined ? "none" : "once";
  if (place === "none") return { place };
  const id = startsEveryWindow ? startToken : added ?? startToken;
  const rule = `${name} must have bos_token_id, or its tokenizer put a token in front of a text`;
  require(id !== null, "choose the start token", rule);
  const range = `token ids of ${name} are 0..${architecture.vocabularySize - 1}`;
  require(id < architecture.vocabularySize, "use the start token", range, id);
  return { place, id };
}

/** Token ids with one more in front. */
export function prependToken(id: number, ids: Int32Array): Int32Array {
  const joined = new Int32Array(1 + ids.length);
  joined[0] = id;
  joined.set(ids, 1);
  return joined;
}
