import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { sampleToken, tokenProbabilities } from "../../lib/generate/mod.ts";

const logitsOf = (...values: number[]) => Float32Array.from(values);

/** Small vocabularies with ties. */
const vocabularies = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 30 })
  .map((values) => Float32Array.from(values));

Deno.test("tokenProbabilities() is the softmax of logits over the temperature", () => {
  const logits = logitsOf(1, 3, -2, 0.5);
  const powers = Array.from(logits, (logit) => Math.exp(logit / 0.7));
  const sum = powers.reduce((a, b) => a + b, 0);
  tokenProbabilities(logits, { temperature: 0.7 }).forEach((probability, token) =>
    assertAlmostEquals(probability, powers[token] / sum, 1e-14)
  );
});

Deno.test("tokenProbabilities() keeps exactly the topK highest, the lower token of equals", () => {
  const cases = fc.tuple(vocabularies, fc.integer({ min: 1, max: 40 }));
  fc.assert(fc.property(cases, ([logits, topK]) => {
    const ranked = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b);
    const probabilities = tokenProbabilities(logits, { temperature: 1.5, topK });
    const kept = [...probabilities.keys()].filter((token) => probabilities[token] > 0);
    assertEquals(new Set(kept), new Set(ranked.slice(0, topK)));
    assertAlmostEquals(probabilities.reduce((a, b) => a + b, 0), 1, 1e-12);
  }));
});

Deno.test("tokenProbabilities() at temperature 0, or close to it, is the first highest logit", () => {
  fc.assert(fc.property(vocabularies, (logits) => {
    const best = logits.indexOf(Math.max(...logits));
    const certain = new Float64Array(logits.length).fill(1, best, best + 1);
    assertEquals(tokenProbabilities(logits, { temperature: 0 }), certain);
    assertEquals(tokenProbabilities(logits, { temperature: 1e-300, topK: 1 }), certain);
  }));
});

Deno.test("tokenProbabilities() excludes tokens of logit -Infinity", () => {
  const probabilities = tokenProbabilities(logitsOf(-Infinity, 0, -Infinity, 0), {
    temperature: 1,
    topK: 3,
  });
  assertEquals(probabilities, Float64Array.of(0, 0.5, 0, 0.5));
});

Deno.test("sampleToken() draws every token as often as its probability says", () => {
  const logits = logitsOf(0.2, 1.4, -1, 0.9, 0.9, -3);
  const options = { temperature: 0.8, topK: 4 };
  const probabilities = tokenProbabilities(logits, options);
  const random = seededRandom(11);
  const draws = 20000;
  const counts = new Array(logits.length).fill(0);
  for (let draw = 0; draw < draws; draw++) counts[sampleToken(logits, options, random)]++;
  counts.forEach((count, token) => {
    const share = probabilities[token];
    const deviation = Math.sqrt(draws * share * (1 - share));
    assert(Math.abs(count - draws * share) <= 4 * deviation, `token ${token}: ${count}`);
  });
});

Deno.test("sampleToken() at temperature 0 asks no random number", () => {
  const random = { ...seededRandom(0), uniform: () => assert(false) as never };
  assertEquals(sampleToken(logitsOf(1, 5, 5, 2), { temperature: 0 }, random), 1);
});

Deno.test("sampleToken() draws the last possible token where rounding leaves a rest", () => {
  const random = { ...seededRandom(0), uniform: () => 1 };
  assertEquals(sampleToken(logitsOf(0, 0, 0, -Infinity), { temperature: 1 }, random), 2);
});

Deno.test("sampleToken() draws the same with the same seed", () => {
  const logits = logitsOf(1, 2, 3, 2, 1);
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 50 }, () => sampleToken(logits, { temperature: 1 }, random));
  };
  assertEquals(draw(7), draw(7));
  assert(draw(7).join() !== draw(8).join());
});

for (
  const [logits, options, rule] of [
    [logitsOf(1), { temperature: -1 }, "temperature must be 0 or more, got -1"],
    [logitsOf(1), { temperature: NaN }, "temperature must be 0 or more, got NaN"],
    [logitsOf(1), { temperature: 1, topK: 0 }, "topK must be an integer of 1 or more, got 0"],
    [logitsOf(1, NaN), { temperature: 1 }, "the largest logit must be finite, got NaN"],
    [logitsOf(1, Infinity), { temperature: 0 }, "the largest logit must be finite, got Infinity"],
    [logitsOf(-Infinity), { temperature: 0 }, "the largest logit must be finite, got -Infinity"],
  ] as const
) {
  Deno.test(`sampleToken() refuses: ${rule}`, () => {
    assertThrows(
      () => sampleToken(logits, options, seededRandom(0)),
      InputError,
      `Cannot sample a token: ${rule}`,
    );
  });
}
