import type { Tokenizer } from "../io/mod.ts";

/** What decoding puts where bytes are no whole character. */
const incomplete = "\uFFFD";

/**
 * Turns tokens into text as they come. A token may end in the middle of a character, whose bytes
 * wait until the tokens with the rest of it are there. One that the tokenizer does not know, as a
 * model with a padded vocabulary may give, is no text, as for Hugging Face.
 */
export class TextStream {
  /** The tokens given out last, which tell how the next ones are spaced, and those that wait. */
  #tokens: number[];
  #given: number;

  /** @param context The tokens before the first one, such as the prompt. */
  constructor(
    readonly tokenizer: Pick<Tokenizer, "decode" | "ids">,
    context: ArrayLike<number> = [],
  ) {
    this.#tokens = Array.from(context).filter((token) => tokenizer.ids.has(token));
    this.#given = this.#tokens.length;
  }

  /** The text that is complete with one more token. */
  push(token: number): string {
    if (!this.tokenizer.ids.has(token)) return "";
    this.#tokens.push(token);
    const text = this.#waiting();
    if (text.endsWith(incomplete)) return "";
    this.#tokens.splice(0, this.#given);
    this.#given = this.#tokens.length;
    return text;
  }

  /** The text of the bytes that wait, for when no token follows. */
  end(): string {
    return this.#waiting();
  }

  #waiting(): string {
    const before = this.tokenizer.decode(this.#tokens.slice(0, this.#given));
    return this.tokenizer.decode(this.#tokens).slice(before.length);
  }
}
