import { seededRandom } from "../../lib/core/mod.ts";
import { Choices } from "../../lib/corpus/mod.ts";
import type { Facts } from "../../lib/corpus/facts.ts";
import { compile } from "../../lib/corpus/grammar.ts";
import { Memory } from "../../lib/corpus/memory.ts";
import { Gazetteer } from "../../lib/corpus/names.ts";

/** The memory of an article on given facts and words, and a way to write sentences with it. */
export function remember(facts: Facts, words: Record<string, string[]> = {}, seed = 1) {
  const choices = new Choices(seededRandom(seed));
  const memory = new Memory({ facts, words }, choices, new Gazetteer(choices));
  return { choices, memory, write: (source: string) => memory.write(compile(source)) };
}
