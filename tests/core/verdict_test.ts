import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  combineVerdicts,
  describeCases,
  type Estimate,
  exactVerdict,
  isVerdict,
  type Threshold,
  type Verdict,
  verdictLegend,
  verdictOf,
  verdicts,
} from "../../lib/core/mod.ts";

const cases: [what: string, estimate: Estimate, threshold: Threshold, verdict: Verdict][] = [
  ["an interval below", { value: 1.02, low: 1.01, high: 1.03 }, { below: 1.1 }, "reproduced"],
  ["an interval above", { value: 1.2, low: 1.11, high: 1.3 }, { below: 1.1 }, "contradicted"],
  ["the same, claimed above", { value: 1.2, low: 1.11, high: 1.3 }, { above: 1.1 }, "reproduced"],
  [
    "an interval across 1.1",
    { value: 1.0945, low: 1.0888, high: 1.1001 },
    { below: 1.1 },
    "undecided",
  ],
  ["an interval across 0", { value: 0.027, low: -0.061, high: 0.109 }, { below: 0 }, "undecided"],
  ["extremes across 1.8", { value: 1.42, low: 0.71, high: 2.14 }, { above: 1.8 }, "undecided"],
  ["an interval that ends there", { value: 1, low: 0.9, high: 1.1 }, { below: 1.1 }, "undecided"],
  ["an interval of no width there", { value: 1, low: 1, high: 1 }, { below: 1 }, "undecided"],
  ["a single window", { value: 0.5 }, { below: 1 }, "undecided"],
  ["a diverged model", { value: Infinity, low: 7, high: Infinity }, { below: 1.1 }, "contradicted"],
  [
    "nothing but infinity",
    { value: Infinity, low: Infinity, high: Infinity },
    { below: 1.1 },
    "contradicted",
  ],
  ["infinity over infinity", { value: NaN, low: NaN, high: NaN }, { below: 1.1 }, "undecided"],
  ["minus infinity", { value: -Infinity, low: -Infinity, high: -1 }, { below: 0 }, "reproduced"],
];

for (const [what, estimate, threshold, verdict] of cases) {
  Deno.test(`verdictOf() takes ${what} for ${verdict}`, () => {
    assertEquals(verdictOf(estimate, threshold), verdict);
  });
}

Deno.test("verdictOf() decides only where every value of the interval says the same", () => {
  const number = fc.double({ noNaN: true });
  fc.assert(fc.property(number, number, number, fc.boolean(), (one, other, limit, below) => {
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const threshold = below ? { below: limit } : { above: limit };
    const holds = [low, high].map((value) => below ? value < limit : value > limit);
    const fails = [low, high].map((value) => below ? value > limit : value < limit);
    const expected = holds.every(Boolean)
      ? "reproduced"
      : fails.every(Boolean)
      ? "contradicted"
      : "undecided";
    assertEquals(verdictOf({ value: one, low, high }, threshold), expected);
  }));
});

Deno.test("exactVerdict() leaves nothing undecided", () => {
  assertEquals([true, false].map(exactVerdict), ["reproduced", "contradicted"]);
});

Deno.test("combineVerdicts() lets one case contradict, and reproduces only what every case does", () => {
  const combined = (words: Verdict[]) => combineVerdicts(words.map((verdict) => ({ verdict })));
  const [reproduced, contradicted, undecided, explained, untested] = verdicts;
  assertEquals(combined([reproduced, reproduced]), reproduced);
  assertEquals(combined([contradicted, contradicted]), contradicted);
  assertEquals(combined([reproduced, undecided, contradicted]), contradicted);
  assertEquals(combined([reproduced, undecided, explained]), undecided);
  assertEquals(combined([reproduced, explained]), explained);
  assertEquals(combined([reproduced, untested]), reproduced);
  assertEquals(combined([untested]), untested);
  assertEquals(combined([]), untested);
});

Deno.test("describeCases() names every case with its verdict", () => {
  const named = (name: string, verdict: Verdict) => ({ name, verdict });
  assertEquals(
    describeCases([
      named("llama", "reproduced"),
      named("opt", "undecided"),
      named("bloom", "reproduced"),
    ]),
    "reproduced for llama, bloom; undecided for opt",
  );
});

Deno.test("isVerdict() knows the five words, which the legend explains, and no others", () => {
  assertEquals(verdicts.length, 5);
  for (const verdict of verdicts) {
    assertEquals(isVerdict(verdict), true);
    assertStringIncludes(verdictLegend, `${verdict} (`);
  }
  assertEquals(["holds", "agrees in part", "toString"].map(isVerdict), [false, false, false]);
});
