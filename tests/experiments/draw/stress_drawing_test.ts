import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { drawStress, type StressRow } from "../../../experiments/draw/stress_drawing.ts";
import { stressFormats, tripSteps } from "../../../experiments/measure/stress_measure.ts";
import { renderSvg } from "../../../lib/report/mod.ts";

const settings = { outliers: 4, bits: 8, largestPowers: [1, 2, 3], usedPower: 3 };

/** A model whose perplexity rises by `(factor / 2^K)^2` percent; `spread` is half of each interval. */
function rowOf(factors: number[], { spread = 0.01, rising = 1 } = {}): StressRow {
  const names = [...stressFormats(settings).keys()];
  return {
    model: "m",
    points: factors.map((factor) => ({
      factor,
      stressed: names.map((steps) => {
        const K = [0, 1, 2, 3].find((power) => tripSteps(power) === steps);
        const value = K === undefined ? 1 : 1 + rising * (factor / 2 ** K) ** 2 / 100;
        const ratio = { value, low: value - spread, high: value + spread };
        return { steps, ratio, error: { value: 1e-3 }, perplexity: ratio };
      }),
    })),
  };
}

for (
  const [what, row, verdict, words] of [
    [
      "is reproduced where K = 3 holds what one step loses",
      rowOf([1, 2, 4, 8, 16, 32]),
      "reproduced",
      "m: reproduced; one step for all loses more than 10 % from outliers of 4 times on (1.160 " +
      "[1.150, 1.170] times full precision's perplexity), K = 3 from 32 on (1.160 [1.150, 1.170] " +
      "times); the least that loses less: K = 1 at 4, K = 2 at 8, K = 3 at 16, no K at 32; " +
      "channel-wise steps lose 1.000 [0.990, 1.010] times at 32.",
    ],
    [
      "is reproduced where K = 3 loses nowhere",
      rowOf([1, 4]),
      "reproduced",
      "perplexity), K = 3 at no factor up to 4; the least",
    ],
    [
      "is not testable where one step loses nowhere",
      rowOf([1, 2]),
      "not testable here",
      "m: not testable here; one step for all loses more than 10 % at no factor up to 2, where it " +
      "is 1.040 [1.030, 1.050] times",
    ],
    [
      "is not testable where no interval lies above the limit",
      rowOf([1, 2, 4], { spread: 0.1 }),
      "not testable here",
      "at no factor up to 4, where it is 1.160 [1.060, 1.260] times",
    ],
    [
      "is contradicted where K = 3 loses as well",
      rowOf([4], { rising: 100 }),
      "contradicted",
      "K = 3 from 4 on (1.250 [1.240, 1.260] times); the least that loses less: no K at 4;",
    ],
  ] as const
) {
  Deno.test(`drawStress() ${what}`, async () => {
    const drawn = drawStress([row], settings);
    assertEquals(drawn.verdict, verdict);
    const said = [drawn.shows, drawn.agreement, ...drawn.details];
    assertStringIncludes(said.join("\n"), words);
    for (const line of said) assertMatch(line, /[^.]\.$/);
    assert(!/NaN|undefined|Infinity/.test(said.join()));
    assertStringIncludes(await renderSvg(drawn.spec), "</svg>");
  });
}
