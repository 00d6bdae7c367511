import { require } from "../core/mod.ts";
import type { Tokenizer } from "../io/mod.ts";
import { chooseStartToken, type Model, prependToken } from "../model/mod.ts";

/**
 * The tokens of a prompt. In front stands the start token that the model was trained with or that
 * its tokenizer puts there, if any.
 *
 * @throws {InputError} If that is no token at all, or one that the model does not know.
 */
export function encodePrompt(
  model: Pick<Model, "name" | "architecture">,
  tokenizer: Pick<Tokenizer, "encode" | "startToken">,
  text: string,
): Int32Array {
  const startToken = chooseStartToken(model, tokenizer);
  const ids = tokenizer.encode(text);
  const prompt = startToken.place === "none" ? ids : prependToken(startToken.id, ids);
  require(prompt.length > 0, "read the prompt", "it must have at least one token", text);
  const { vocabularySize } = model.architecture;
  const stranger = prompt.find((id) => id >= vocabularySize);
  const rule = `token ids of ${model.name} are 0..${vocabularySize - 1}`;
  require(stranger === undefined, "read the prompt", rule, stranger);
  return prompt;
}
