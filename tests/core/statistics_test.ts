import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  bootstrap,
  InputError,
  kurtosis,
  mapEstimate,
  maximum,
  mean,
  median,
  minimum,
  quantile,
  quantiles,
  quotient,
  seededRandom,
} from "../../lib/core/mod.ts";

const losses = [61.5, 70.25, 55.0, 80.125, 64.0];
const denseLosses = [60.0, 69.0, 54.5, 77.0, 63.0];
const tokens = [20, 22, 19, 25, 20];

function perplexity(losses: number[], indices: Uint32Array): number {
  const sum = (values: number[]) => indices.reduce((total, index) => total + values[index], 0);
  return Math.exp(sum(losses) / sum(tokens));
}

Deno.test("kurtosis() is the fourth moment over the squared variance", () => {
  assertAlmostEquals(kurtosis([1, 2, 3, 4, 10]), 2.788, 1e-12); // deviations -3, -2, -1, 0, 6
  assertEquals(kurtosis([-1, 1, -1, 1]), 1);
  const { normal } = seededRandom(3);
  assertAlmostEquals(kurtosis(Array.from({ length: 1e5 }, normal)), 3, 0.1);
  assertEquals(kurtosis([2, 2]), NaN);
  assertThrows(() => kurtosis([]), InputError, "there must be at least one value");
});

Deno.test("mean(), median() and quantile() equal NumPy's", () => {
  const values = [3.5, 1, 4, 1, 5.25, 9, 2.5];
  assertAlmostEquals(mean(values), 3.75, 1e-15);
  assertEquals(median(values), 3.5);
  assertEquals(median([4, 1]), 2.5);
  const expected = [[0, 1], [0.025, 1], [0.25, 1.75], [0.5, 3.5], [0.9, 6.75], [1, 9]];
  for (const [probability, value] of expected) {
    assertAlmostEquals(quantile(values, probability), value, 1e-14);
  }
});

Deno.test("quantiles() are those of quantile(), in the order asked for", () => {
  const values = [5, -1, 3, 8];
  const probabilities = [1, 0.25, 0.9, 0];
  assertEquals(quantiles(values, probabilities), probabilities.map((p) => quantile(values, p)));
  assertEquals(quantiles(values, [1, 0.5, 0]), [8, 4, -1]);
  assertThrows(() => quantiles([1, NaN], []), InputError, "values must be numbers, got NaN");
});

Deno.test("quantile() leaves its argument as it was and copes with infinities", () => {
  const values = Float64Array.of(2, Infinity, 1, Infinity);
  assertEquals(quantile(values, 0.9), Infinity);
  assertEquals([...values], [2, Infinity, 1, Infinity]);
});

Deno.test("quantile() refuses no values, NaN and a probability out of range", () => {
  assertThrows(() => quantile([], 0.5), InputError, "there must be at least one value");
  assertThrows(() => quantile([1, NaN], 0.5), InputError, "values must be numbers, got NaN");
  assertThrows(() => quantile([1], 1.5), InputError, "probability must be 0..1, got 1.5");
  assertThrows(() => mean([]), InputError, "Cannot take a mean: there must be at least one value");
});

// Expected intervals: the same resamples drawn by Python 3.11's random.seed(7) and randint,
// quantiles by NumPy.
Deno.test("bootstrap() of a perplexity weights windows by their tokens", () => {
  const estimate = bootstrap(5, (indices) => perplexity(losses, indices), { seed: 7 });
  assertAlmostEquals(estimate.value, 22.679518855512462, 1e-12);
  assertAlmostEquals(estimate.low!, 20.188276019052726, 1e-12);
  assertAlmostEquals(estimate.high!, 24.526798967092873, 1e-12);
});

Deno.test("bootstrap() of a paired ratio draws the same windows for both", () => {
  const ratio = bootstrap(
    5,
    (indices) => perplexity(losses, indices) / perplexity(denseLosses, indices),
    { seed: 7 },
  );
  assertAlmostEquals(ratio.value, 1.0720529678096011, 1e-12);
  assertAlmostEquals(ratio.low!, 1.0420991719328887, 1e-12);
  assertAlmostEquals(ratio.high!, 1.1049288371323809, 1e-12);
});

Deno.test("bootstrap() honours the level and the number of resamples", () => {
  const statistic = (indices: Uint32Array) => mean(Array.from(indices, (index) => losses[index]));
  assertEquals(
    bootstrap(5, statistic, { seed: 7, resamples: 200, level: 0.5 }),
    { value: 66.175, low: 63.7, high: 69.225 },
  );
});

Deno.test("bootstrap() covers the true mean about as often as its level says", () => {
  const trials = 200;
  const random = seededRandom(3);
  let covered = 0;
  for (let seed = 0; seed < trials; seed++) {
    const sample = Array.from({ length: 40 }, random.normal);
    const sampleMean = (indices: Uint32Array) => mean(Array.from(indices, (i) => sample[i]));
    const { low, high } = bootstrap(40, sampleMean, { seed, resamples: 200, level: 0.8 });
    if (low! <= 0 && 0 <= high!) covered++;
  }
  assert(Math.abs(covered / trials - 0.8) < 0.07, `covered ${covered} of ${trials}`);
});

Deno.test("quotient() reaches from the least to the most that two intervals allow", () => {
  const [one, other] = [{ value: 6, low: 4, high: 8 }, { value: 2, low: 1, high: 4 }];
  assertEquals(quotient(one, other), { value: 3, low: 1, high: 8 });
  assertEquals(quotient(one, { value: 2 }), { value: 3 });
  assertEquals(quotient({ value: 6 }, other), { value: 3 });
});

Deno.test("mapEstimate() takes the ends of an interval along, where there is one", () => {
  const percent = (share: number) => 100 * share;
  assertEquals(mapEstimate({ value: 0.5, low: 0, high: 1 }, percent), {
    ...{ value: 50, low: 0, high: 100 },
  });
  assertEquals(mapEstimate({ value: 0.5 }, percent), { value: 50 });
});

Deno.test("bootstrap() of one window has no interval", () => {
  assertEquals(bootstrap(1, (indices) => indices.length, { seed: 0 }), { value: 1 });
});

Deno.test("bootstrap() of a statistic that is NaN for some resample has no interval", () => {
  assertEquals(bootstrap(2, () => NaN, { seed: 0 }), { value: NaN });
  const quotient = ([first]: Uint32Array) => first / first; // NaN where window 0 comes first
  assertEquals(bootstrap(3, quotient, { seed: 0 }), { value: NaN });
  const infinite = bootstrap(3, ([first]) => 1 / first, { seed: 0 });
  assertEquals([infinite.value, infinite.high], [Infinity, Infinity]);
});

Deno.test("bootstrap() of equal windows has an interval of no width", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(), (windows, seed) => {
    const estimate = bootstrap(windows, (indices) => indices.length, { seed, resamples: 20 });
    assertEquals(estimate, { value: windows, low: windows, high: windows });
  }));
});

Deno.test("bootstrap() refuses no windows, no resamples and odd levels", () => {
  const one = () => 1;
  assertThrows(
    () => bootstrap(0, one, { seed: 0 }),
    InputError,
    "windows must be 1 or more, got 0",
  );
  assertThrows(() => bootstrap(2, one, { seed: 0, resamples: 0 }), InputError, "resamples must be");
  assertThrows(() => bootstrap(2, one, { seed: 0, level: 95 }), InputError, "level must lie");
});

Deno.test("minimum() and maximum() are Math.min and Math.max of any number of values", () => {
  for (const values of [[], [3], [2, -1, 7, 7], [0, -0], [1, NaN, 2]]) {
    assertEquals([minimum(values), maximum(values)], [Math.min(...values), Math.max(...values)]);
  }
  const many = Float32Array.from({ length: 1e6 }, (_, index) => index);
  assertEquals([minimum(many), maximum(many)], [0, 999999]);
});
