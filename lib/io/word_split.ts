import { isObject } from "./json.ts";

/** The mark that stands for a space in SentencePiece vocabularies. */
const space = "\u2581";

/**
 * Lets a SentencePiece-style BPE tokenizer, as LLaMA has, work word by word.
 *
 * Such a tokenizer merges over the whole text as if it were one word, which takes long and much
 * memory for a book. Where no merge makes a token with a space after something else, no merge ever
 * crosses from the end of a word to the space of the next, so that the words can be merged apart:
 * the ids are the same.
 *
 * @param definition A parsed tokenizer.json.
 * @param merges Pairs of tokens; those of the definition unless given.
 * @returns The definition with a split before the spaces of each word, or unchanged where that
 *   might alter ids.
 */
export function splitWords(
  definition: Record<string, unknown>,
  merges?: readonly unknown[],
): Record<string, unknown> {
  const { model, pre_tokenizer: before } = definition;
  const isOneWord = !before || isObject(before) && before.type === "Metaspace";
  if (!isOneWord || !isObject(model)) return definition;
  if (!mergesWithinWords(model, merges ?? model.merges)) return definition;
  const split = {
    type: "Split",
    pattern: { Regex: `${space}*[^${space}]+` },
    behavior: "Isolated",
    invert: false,
  };
  const pretokenizers = before ? [before, split] : [split];
  return { ...definition, pre_tokenizer: { type: "Sequence", pretokenizers } };
}

function mergesWithinWords(model: Record<string, unknown>, merges: unknown): boolean {
  const affectsWholeWords = model.ignore_merges || model.end_of_word_suffix ||
    model.continuing_subword_prefix || model.continuing_subword_suffix;
  if (model.type !== "BPE" || !Array.isArray(merges) || affectsWholeWords) return false;
  const crossesWords = new RegExp(`[^${space}]${space}`);
  return merges.every((merge) => {
    const parts = Array.isArray(merge) ? merge : String(merge).split(" ");
    return !crossesWords.test(parts.join(""));
  });
}
