import { require } from "../core/mod.ts";
import type { Tokenizer } from "../io/mod.ts";
import type { Model } from "../model/mod.ts";

/**
 * The tokens of a prompt. In front stands the start token that the model was trained with or that
 * its tokenizer puts there, if any.
 *
 * @throws {InputError} If that is no token at all.
 */
export function encodePrompt(
  { architecture: { startToken, startsEveryWindow } }: Model,
  tokenizer: Pick<Tokenizer, "encode" | "startToken">,
  text: string,
): Int32Array {
  const first = startsEveryWindow ? startToken : tokenizer.startToken ?? null;
  const ids = tokenizer.encode(text);
  const prompt = first === null ? ids : Int32Array.of(first, ...ids);
  require(prompt.length > 0, "read the prompt", "it must have at least one token", text);
  return prompt;
}
