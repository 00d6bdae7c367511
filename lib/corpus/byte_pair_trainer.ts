import { require } from "../core/mod.ts";
import { BYTE_CHARACTERS, pretokenize } from "./pretokenize.ts";
import { describeTokenizer, type TokenizerJson } from "./tokenizer_json.ts";

/**
 * Trains a byte-level BPE tokenizer: starting from the 256 bytes, the most frequent pair of
 * neighbouring tokens within a word becomes a token, again and again (Sennrich et al. 2016). Of
 * equally frequent pairs the one with the smaller left id wins, then the smaller right id.
 *
 * Ids are the special tokens in their order, the bytes 0..255, then one per merge. The tokenizer
 * adds no tokens of its own to what it encodes.
 *
 * @param options `vocabularySize` counts all tokens. Training stops short of it when no pair occurs
 * twice.
 * @throws {InputError} If the vocabulary has no room for the special tokens and the bytes, or a
 * special token is empty or given twice.
 */
export function trainTokenizer(
  text: string,
  { vocabularySize, specialTokens }: { vocabularySize: number; specialTokens: string[] },
): TokenizerJson {
  const smallest = specialTokens.length + BYTE_CHARACTERS.length;
  require(
    Number.isInteger(vocabularySize) && vocabularySize >= smallest,
    "train a tokenizer",
    `vocabularySize must be an integer of at least ${smallest}`,
    vocabularySize,
  );
  const tokens = [...specialTokens, ...BYTE_CHARACTERS];
  require(
    new Set(tokens).size === tokens.length && !specialTokens.includes(""),
    "train a tokenizer",
    "specialTokens must be distinct, not empty and not a single byte",
    specialTokens,
  );
  const vocabulary = new Map(tokens.map((token, id) => [token, id]));
  const pairs = new PairCounts(countWords(text, specialTokens.length));
  const merges: string[] = [];
  while (vocabulary.size < vocabularySize) {
    const pair = pairs.mostFrequent();
    if (!pair) break;
    const [left, right] = pair;
    const merged = tokens[left] + tokens[right];
    // Two different pairs may spell the same token.
    const id = vocabulary.get(merged) ?? tokens.push(merged) - 1;
    vocabulary.set(merged, id);
    merges.push(`${tokens[left]} ${tokens[right]}`);
    pairs.merge(left, right, id);
  }
  return describeTokenizer(specialTokens, vocabulary, merges);
}

interface Word {
  ids: number[];
  count: number;
}

/** The distinct words of the text as byte ids, and how often each occurs. */
function countWords(text: string, firstByteId: number): Word[] {
  const counts = new Map<string, number>();
  for (const word of pretokenize(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  return Array.from(counts, ([word, count]) => ({
    ids: Array.from(encoder.encode(word), (byte) => firstByteId + byte),
    count,
  }));
}

/** More than any vocabulary, so that `left * STRIDE + right` names a pair and orders it. */
const STRIDE = 2 ** 24;

/** How often each pair of neighbouring tokens occurs, kept up to date while pairs are merged. */
class PairCounts {
  readonly #words: Word[];
  readonly #counts = new Map<number, number>();
  /** The words in which a pair has occurred; it may have left some of them since. */
  readonly #places = new Map<number, Set<Word>>();

  constructor(words: Word[]) {
    this.#words = words;
    for (const word of this.#words) this.#add(word, 1);
  }

  /** The most frequent pair that occurs at least twice, ties broken by the smaller ids. */
  mostFrequent(): [left: number, right: number] | undefined {
    let best = -1;
    let bestCount = 1;
    for (const [pair, count] of this.#counts) {
      if (count > bestCount || (count === bestCount && pair < best)) {
        best = pair;
        bestCount = count;
      }
    }
    return best < 0 ? undefined : [Math.floor(best / STRIDE), best % STRIDE];
  }

  /** Replaces a pair by one token, from left to right in every word. */
  merge(left: number, right: number, id: number): void {
    const pair = left * STRIDE + right;
    for (const word of this.#places.get(pair) ?? []) {
      this.#add(word, -1);
      word.ids = mergePair(word.ids, left, right, id);
      this.#add(word, 1);
    }
    this.#places.delete(pair);
  }

  #add(word: Word, sign: 1 | -1): void {
    for (let index = 1; index < word.ids.length; index++) {
      const pair = word.ids[index - 1] * STRIDE + word.ids[index];
      const count = (this.#counts.get(pair) ?? 0) + sign * word.count;
      if (count === 0) this.#counts.delete(pair);
      else this.#counts.set(pair, count);
      if (sign < 0) continue;
      const places = this.#places.get(pair);
      if (places) places.add(word);
      else this.#places.set(pair, new Set([word]));
    }
  }
}

function mergePair(ids: number[], left: number, right: number, id: number): number[] {
  const merged: number[] = [];
  for (let index = 0; index < ids.length; index++) {
    const isPair = ids[index] === left && ids[index + 1] === right;
    merged.push(isPair ? id : ids[index]);
    if (isPair) index++;
  }
  return merged;
}
