import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { corpus } from "../../../experiments/measure/bundled.ts";
import { tokenizeSplit } from "../../../experiments/measure/encyclopedia.ts";
import { sha256 } from "../../../lib/core/mod.ts";
import { generateEncyclopedia } from "../../../lib/corpus/mod.ts";
import type { Tokenizer } from "../../../lib/io/mod.ts";

/** One token per character, which is ASCII. */
const characters: Tokenizer = {
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode: (ids) => String.fromCharCode(...Array.from(ids)),
  vocabularySize: 128,
  ids: new Set(Array(128).keys()),
};

Deno.test("tokenizeSplit() gives the text's tokens, its hash and its chance per token", async () => {
  const { text, entropy } = generateEncyclopedia(corpus.test);
  const split = await tokenizeSplit("test", characters);
  assertEquals(split.ids.length, text.length);
  assertEquals(split.hash, await sha256(text));
  assertEquals(split.entropyPerToken, entropy / text.length);
  assert(split.ids.length >= corpus.test.characters);
});

Deno.test("tokenizeSplit() gives splits that share no paragraph", async () => {
  const [test, calibration] = await Promise.all(
    (["test", "calibration"] as const).map((name) => tokenizeSplit(name, characters)),
  );
  assertNotEquals(test.hash, calibration.hash);
  const paragraphs = (split: typeof test) =>
    new TextDecoder().decode(Uint8Array.from(split.ids)).split("\n\n")
      .filter((text) => text.length > 100); // not "== See also =="
  const known = new Set(paragraphs(calibration));
  assert(known.size > 100);
  assertEquals(paragraphs(test).filter((paragraph) => known.has(paragraph)), []);
});

Deno.test("corpus gives every split a seed of its own", () => {
  const seeds = [corpus.training, corpus.calibration, corpus.test].map(({ seed }) => seed);
  assertEquals(new Set(seeds).size, 3);
});
