import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { lowPrecisionTokens, survivors } from "../../lib/tokens/mod.ts";

const scoresOf = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 60 })
  .map((scores) => Float32Array.from(scores));
const ratio = fc.double({ min: 0, max: 0.999, noNaN: true });

Deno.test("survivors() drops the lowest scores, of equal ones the lowest index first", () => {
  const scores = Float32Array.of(8, 3, 1, 3, 3, 5, 1);
  assertEquals([...survivors(scores, 0)], [0, 1, 2, 3, 4, 5, 6]);
  assertEquals([...survivors(scores, 1 / 7)], [0, 1, 3, 4, 5, 6]);
  assertEquals([...survivors(scores, 4 / 7)], [0, 4, 5]);
});

Deno.test("survivors() keeps the first token whatever it scores", () => {
  assertEquals([...survivors(Float32Array.of(0, 1, 2, 3), 0.75)], [0]);
});

Deno.test("survivors() keeps n - floor(n * ratio) ascending tokens, none below a pruned one", () => {
  fc.assert(fc.property(scoresOf, ratio, (scores, ratio) => {
    const kept = survivors(scores, ratio);
    assertEquals(kept.length, scores.length - Math.floor(scores.length * ratio));
    assertEquals(kept, kept.toSorted());
    assertEquals(kept[0], 0);
    const pruned = [...scores.keys()].filter((token) => !kept.includes(token));
    assertEquals(kept.length + pruned.length, scores.length);
    const lowestKept = Math.min(...kept.subarray(1).values().map((token) => scores[token]));
    assert(pruned.every((token) => scores[token] <= lowestKept));
  }));
});

Deno.test("survivors() of a higher ratio are among those of a lower one", () => {
  fc.assert(fc.property(scoresOf, ratio, ratio, (scores, first, second) => {
    const many = new Set(survivors(scores, Math.min(first, second)));
    assert(survivors(scores, Math.max(first, second)).every((token) => many.has(token)));
  }));
});

Deno.test("lowPrecisionTokens() takes the lowest scores above the pruned ones", () => {
  const scores = Float32Array.of(8, 3, 1, 4, 2, 5, 0, 9, 6, 7);
  assertEquals([...lowPrecisionTokens(scores, { prune: 0.2, lower: 0.3 })], [1, 3, 4]);
  assertEquals([...lowPrecisionTokens(scores, { prune: 0.2, lower: 0 })], []);
});

Deno.test("survivors() refuses a ratio out of range and scores that are no numbers", () => {
  const scores = Float32Array.of(2, 1);
  for (const ratio of [-0.1, 1, NaN]) {
    assertThrows(
      () => survivors(scores, ratio),
      InputError,
      `Cannot select tokens: ratio must lie in [0, 1), got ${ratio}`,
    );
  }
  assertThrows(
    () => survivors(Float32Array.of(2, NaN), 0.5),
    InputError,
    "Cannot select tokens: scores must be numbers, got NaN",
  );
});

Deno.test("lowPrecisionTokens() takes what there is, but never the first token", () => {
  const scores = Float32Array.of(0, 3, 2, 1);
  assertEquals([...lowPrecisionTokens(scores, { prune: 0.5, lower: 0.5 })], [1]);
  assertEquals([...lowPrecisionTokens(scores, { prune: 0, lower: 0.99 })], [1, 2, 3]);
});

Deno.test("lowPrecisionTokens() adds the inherited tokens that are not pruned", () => {
  const scores = Float32Array.of(8, 3, 1, 4, 2, 5, 0, 9, 6, 7);
  const inherited = Int32Array.of(2, 3, 6, 9);
  assertEquals([...lowPrecisionTokens(scores, { prune: 0.2, lower: 0.3 }, inherited)], [
    1,
    3,
    4,
    9,
  ]);
  assertEquals([...lowPrecisionTokens(scores, { prune: 0, lower: 0 }, inherited)], [2, 3, 6, 9]);
});
