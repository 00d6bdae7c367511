import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { lastLayers, planGrid, sweepPlans } from "../../../experiments/figures/sparsity_sweep.ts";
import { bestPoint } from "../../../experiments/measure/sparsity_points.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { memoryStore } from "../../sweep/memory_store.ts";
import { withFigureSubject } from "../measure/tiny_figure_subject.ts";

const settings = { method: "rtn4", split: "validation", window: 24, windows: 2 } as const;

Deno.test("planGrid() pairs every share with every choice of layers", () => {
  const grid = planGrid([0.1, 0.5], [lastLayers(1), lastLayers(2)]);
  assertEquals(grid.map(({ beta, layers }) => [beta, layers]), [
    [0.1, [-1]],
    [0.5, [-1]],
    [0.1, [-2, -1]],
    [0.5, [-2, -1]],
  ]);
});

Deno.test("sweepPlans() compares each plan with no pruning, paired, and measures that once", () =>
  withFigureSubject("llama", async (subject) => {
    const store = memoryStore();
    const plans = planGrid([0.5], [[-1], [0]]);
    const [late, early] = await sweepPlans("t", subject, settings, plans, { store });
    assertEquals(store.records.size, 3);
    assertAlmostEquals(late.sparsity, 0.5 / 3);
    assertAlmostEquals(early.sparsity, 0.5);
    // After the last layer's attention nothing reaches the survivors any more.
    assertAlmostEquals(late.relative.pruningAlone.value, 1, 1e-6);
    assert(early.relative.pruningAlone.value !== 1);
    const { perplexity, relative } = early;
    assertAlmostEquals(
      relative.survivors.value,
      relative.pruningAlone.value * relative.denseOnSurvivors.value,
      1e-9,
    );
    assertAlmostEquals(
      relative.survivors.value,
      perplexity.survivors.value / perplexity.dense.value,
    );
    const best = Math.min(late.relative.survivors.value, early.relative.survivors.value);
    assertEquals(bestPoint([late, early]).relative.survivors.value, best);
  }));

Deno.test("sweepPlans() takes plans that differ in nothing but importance or positions", () =>
  withFigureSubject("llama", async (subject) => {
    const [plan] = planGrid([0.5], [[0]]);
    const random = { ...plan, importance: "random" } as const;
    const plans = [plan, random, { ...plan, positions: "keep" } as const];
    const points = await sweepPlans("t", subject, settings, plans, { store: memoryStore() });
    const values = points.map(({ relative }) => relative.survivors.value);
    assertEquals(new Set(values).size, plans.length);
  }));

Deno.test("sweepPlans() scores windows of another length over the same text", () =>
  withFigureSubject("bloom", async (subject) => {
    const store = memoryStore();
    const short = { ...settings, window: 12, windows: 4 };
    const [point] = await sweepPlans("t", subject, short, planGrid([0.5], [[0]]), { store });
    assertEquals(point.window, 12);
    assertEquals(point.sparsity, 0.5);
  }));

Deno.test("sweepPlans() refuses layers that the model does not have", () =>
  withFigureSubject("llama", async (subject) => {
    await assertRejects(
      () => sweepPlans("t", subject, settings, planGrid([0.1], [[7]])),
      InputError,
      "layers of llama are 0..2",
    );
  }));
