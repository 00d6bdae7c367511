import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import {
  perplexityOf,
  perplexityRatio,
  readScores,
  scoreWindows,
  type WindowScores,
} from "../../lib/eval/mod.ts";
import { pruning, randomIds, withModel } from "./tiny_models.ts";

const scores = (loss: number[], survived: number[], divergence?: number[], agreement?: number[]) =>
  ({
    loss: Float32Array.from(loss),
    survived: Uint8Array.from(survived),
    ...divergence && {
      divergence: Float32Array.from(divergence),
      referenceLoss: Float32Array.from(loss, (each, index) => each - divergence[index]),
    },
    ...agreement && { agreement: Uint8Array.from(agreement) },
  }) as WindowScores;

const run = [
  scores([1, 2, 3], [1, 0, 1], [0.5, 8, 0.25], [1, 1, 0]),
  scores([4, 8, 6], [1, 0, 0], [0.75, 9, 9], [1, 0, 0]),
];
const control = [scores([1.5, 0, 1], [1, 1, 1]), scores([3, 0, 0], [1, 1, 1])];

Deno.test("readScores() is exp of the mean over windows of the window's mean loss", () => {
  const { perplexity, scored, windowLosses } = readScores(run);
  assertEquals(windowLosses, [2, 6]);
  assertEquals(scored, 6);
  assertEquals(perplexity.value, Math.exp(4));
  assertEquals([perplexity.low, perplexity.high], [Math.exp(2), Math.exp(6)]);
});

Deno.test("readScores() counts the positions that survived in the given run", () => {
  const survivors = readScores(run, run);
  assertEquals(survivors.windowLosses, [2, 4]); // windows weigh the same, however many survive
  assertEquals(survivors.scored, 3);
  assertEquals(survivors.perplexity.value, Math.exp(3));
  const denseOnSurvivors = readScores(control, run);
  assertEquals(denseOnSurvivors.windowLosses, [1.25, 3]);
  assertEquals(denseOnSurvivors.scored, 3);
});

Deno.test("readScores() averages divergence and agreement over the scored positions", () => {
  assertEquals(readScores(run, run).divergence, (0.5 + 0.25 + 0.75) / 3);
  assertEquals(readScores(run, run).agreement, 2 / 3);
  assertEquals(readScores(run).divergence, 27.5 / 6);
  assertEquals(readScores(run).agreement, 3 / 6);
  assertEquals("divergence" in readScores(control), false);
});

Deno.test("readScores() gives the ratio to the reference on the scored positions, paired", () => {
  const onSurvivors = readScores(run, run).ratio!; // mean differences of the windows: 3/8 and 3/4
  assertAlmostEquals(onSurvivors.value, Math.exp(9 / 16), 1e-12);
  assertAlmostEquals(onSurvivors.low!, Math.exp(3 / 8), 1e-12);
  assertAlmostEquals(onSurvivors.high!, Math.exp(3 / 4), 1e-12);
  assertAlmostEquals(readScores(run).ratio!.value, Math.exp((8.75 + 18.75) / 3 / 2), 1e-9);
  assertEquals("ratio" in readScores(control), false);
});

Deno.test("readScores() reads a pruned run and its control on the same positions", () =>
  withModel("llama", async (model) => {
    const windows = [1, 2, 3].map((seed) => randomIds(30, seed));
    const pruned = await scoreWindows(model, windows, { pruning, reference: model });
    const dense = await scoreWindows(model, windows, { reference: model });
    const survivors = readScores(pruned, pruned);
    const denseOnSurvivors = readScores(dense, pruned);
    const byHand = dense.map(({ loss }, index) => {
      const kept = [...loss].filter((_, position) => pruned[index].survived[position]);
      return kept.reduce((sum, value) => sum + value, 0) / kept.length;
    });
    assertEquals(denseOnSurvivors.windowLosses, byHand);
    assertEquals(denseOnSurvivors.scored, survivors.scored);
    assertEquals(denseOnSurvivors.ratio, { value: 1, low: 1, high: 1 });
    assertEquals(denseOnSurvivors.divergence, 0);
    assertEquals(denseOnSurvivors.agreement, 1);
    assert(survivors.divergence! > 0);
    assertEquals(readScores(pruned).scored, 3 * 29);
    assert(survivors.scored < 3 * 29 / 2);
  }));

Deno.test("readScores() refuses runs over different windows and runs over none", () => {
  assertThrows(
    () => readScores(run, control.slice(1)),
    InputError,
    "Cannot read scores: both runs must have the same windows, got [2,1]",
  );
  assertThrows(() => readScores([]), InputError, "windows must be 1 or more, got 0");
});

/** Losses of 40 windows that differ much in difficulty. */
const random = seededRandom(3);
const losses = Array.from({ length: 40 }, () => 3 + random.normal());

Deno.test("perplexityOf() has an interval around the estimate, the same at every call", () => {
  const estimate = perplexityOf(losses);
  assertAlmostEquals(
    estimate.value,
    Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / 40),
    1e-9,
  );
  assert(estimate.low! < estimate.value && estimate.value < estimate.high!);
  assertEquals(perplexityOf(losses), estimate);
  assertEquals(perplexityOf([2]), { value: Math.exp(2) });
});

Deno.test("perplexityRatio() pairs the windows", () => {
  const worse = losses.map((loss) => loss + 0.1);
  const { value, low, high } = perplexityRatio(worse, losses);
  for (const each of [value, low!, high!]) assertAlmostEquals(each, Math.exp(0.1), 1e-9);
  assertEquals(perplexityRatio(losses, losses), { value: 1, low: 1, high: 1 });
  // Of other windows the same losses say less.
  const shuffled = perplexityRatio(worse, losses.toReversed());
  assertAlmostEquals(shuffled.value, Math.exp(0.1), 1e-9);
  assert(shuffled.high! - shuffled.low! > 0.1);
});

Deno.test("perplexityRatio() compares models that diverged", () => {
  const [far, farther] = [[800, 900, 1000], [800.5, 900.5, 1000.5]];
  assertEquals(perplexityOf(far), { value: Infinity, low: Infinity, high: Infinity });
  const { value, low, high } = perplexityRatio(farther, far);
  for (const each of [value, low!, high!]) assertAlmostEquals(each, Math.exp(0.5), 1e-9);
  assertEquals(perplexityRatio([1e9, 1e9], [1, 1]).low, Infinity);
  assertEquals(perplexityRatio([1, 1], [1e9, 1e9]).high, 0);
  assertEquals(perplexityRatio([Infinity, 2], [Infinity, 1]), { value: NaN });
  assertEquals(perplexityRatio([NaN, 2], [2, 1]), { value: NaN });
});

Deno.test("perplexityRatio() refuses runs over different windows", () => {
  assertThrows(
    () => perplexityRatio([1, 2], [1]),
    InputError,
    "Cannot compare perplexities: both runs must have the same windows, got [2,1]",
  );
});
