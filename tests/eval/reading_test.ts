import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import {
  perplexityOf,
  perplexityRatio,
  readScores,
  scoreWindows,
  type WindowScores,
} from "../../lib/eval/mod.ts";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { forward, logits, type Model, openModel } from "../../lib/model/mod.ts";
import { tidy } from "../../lib/tensor/mod.ts";
import { logSoftmax } from "./log_softmax.ts";
import { pruning, randomIds, withModel, withModule } from "./tiny_models.ts";

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
  // The ends of the intervals are the single windows, which weigh by their positions.
  const survivors = readScores(run, run);
  assertEquals(survivors.divergence, { value: (0.5 + 0.25 + 0.75) / 3, low: 0.375, high: 0.75 });
  assertEquals(survivors.agreement, { value: 2 / 3, low: 0.5, high: 1 });
  const all = readScores(run);
  assertEquals(all.divergence, { value: 27.5 / 6, low: 8.75 / 3, high: 18.75 / 3 });
  assertEquals(all.agreement, { value: 3 / 6, low: 1 / 3, high: 2 / 3 });
  assertEquals("divergence" in readScores(control), false);
});

Deno.test("readScores() gives percentiles of the divergence, interpolated linearly as NumPy does", () => {
  assertEquals(readScores(run, run).divergencePercentiles, {
    ...{ p50: 0.5, p95: 0.5 + 0.9 * 0.25, p99: 0.5 + 0.98 * 0.25, max: 0.75 },
  });
  const { p50, max } = readScores(run).divergencePercentiles!; // of 0.25 0.5 0.75 8 9 9
  assertEquals([p50, max], [4.375, 9]);
  assertEquals("divergencePercentiles" in readScores(control), false);
});

Deno.test("readScores() compares as the definitions do, from logits in float64", () =>
  withModel("opt-pre", async (reference) => {
    const changed = await withModule(reference, 1, "up", ({ weight, bias }) => {
      const values = decodeMatrix(weight).map((value) => 1.2 * value);
      return { weight: floatMatrix("F32", values, weight.rows, weight.columns), bias };
    });
    const windows = [4, 5, 6].map((seed) => randomIds(20, seed));
    const { divergence, divergencePercentiles, agreement, ratio } = readScores(
      await scoreWindows(changed, windows, { reference }),
    );
    const slowly = async (stored: Model) => {
      using model = await openModel(stored);
      return windows.flatMap((window) => {
        const all = tidy(() => logits(model, forward(model, window).hidden).arraySync());
        return all.slice(0, -1).map(logSoftmax);
      });
    };
    const [p, q] = [await slowly(reference), await slowly(changed)];
    const each = p.map((own, at) =>
      own.reduce((sum, log, token) => sum + Math.exp(log) * (log - q[at][token]), 0)
    ).toSorted((one, other) => one - other);
    assertEquals(each.length, 3 * 19);
    // Place (n - 1) p of the sorted values, between its two neighbours.
    const between = (low: number, share: number) => each[low] + share * (each[low + 1] - each[low]);
    assertAlmostEquals(divergence!.value, each.reduce((sum, kl) => sum + kl, 0) / 57, 1e-6);
    assertAlmostEquals(divergencePercentiles!.p50, each[28], 1e-5);
    assertAlmostEquals(divergencePercentiles!.p95, between(53, 0.2), 1e-5);
    assertAlmostEquals(divergencePercentiles!.p99, between(55, 0.44), 1e-5);
    assertAlmostEquals(divergencePercentiles!.max, each[56], 1e-5);
    assert(divergence!.low! < divergence!.value && divergence!.value < divergence!.high!);
    const best = (row: Float64Array) => row.indexOf(Math.max(...row));
    const same = p.filter((row, at) => best(row) === best(q[at])).length;
    assert(same > 0 && same < 57);
    assertEquals(agreement!.value, same / 57);
    const targets = windows.flatMap((window) => [...window.subarray(1)]);
    const loss = (rows: Float64Array[]) =>
      rows.reduce((sum, row, at) => sum - row[targets[at]], 0) / 57;
    assertAlmostEquals(ratio!.value, Math.exp(loss(q) - loss(p)), 1e-5);
  }));

Deno.test("readScores() gives the ratio to the reference on the scored positions, paired", () => {
  const onSurvivors = readScores(run, run).ratio!; // mean differences of the windows: 3/8 and 3/4
  assertAlmostEquals(onSurvivors.value, Math.exp(9 / 16), 1e-12);
  assertAlmostEquals(onSurvivors.low!, Math.exp(3 / 8), 1e-12);
  assertAlmostEquals(onSurvivors.high!, Math.exp(3 / 4), 1e-12);
  assertAlmostEquals(readScores(run).ratio!.value, Math.exp((8.75 + 18.75) / 3 / 2), 1e-9);
  assertEquals("ratio" in readScores(control), false);
});

Deno.test("readScores() compares a single window with the reference, without an interval", () => {
  const { perplexity, ratio, divergence, agreement } = readScores([run[0]], [run[0]]);
  assertEquals([perplexity, divergence], [{ value: Math.exp(2) }, { value: 0.375 }]);
  assertAlmostEquals(ratio!.value, Math.exp(3 / 8), 1e-12);
  assertEquals([Object.keys(ratio!), agreement], [["value"], { value: 0.5 }]);
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
    assertEquals(denseOnSurvivors.divergence, { value: 0, low: 0, high: 0 });
    assertEquals(denseOnSurvivors.divergencePercentiles, { p50: 0, p95: 0, p99: 0, max: 0 });
    assertEquals(denseOnSurvivors.agreement, { value: 1, low: 1, high: 1 });
    assert(survivors.divergence!.value > 0);
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
