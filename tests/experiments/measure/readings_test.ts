import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { takeReadings } from "../../../experiments/measure/readings.ts";
import { perplexity, perplexityOf, readScores, scoreWindows } from "../../../lib/eval/mod.ts";
import type { Model, SiteHook } from "../../../lib/model/mod.ts";
import { tf } from "../../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../../eval/tiny_models.ts";

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));

/** The scores of a pruned run: which positions survive. */
const survivorsOf = (model: Model, hook?: SiteHook) =>
  scoreWindows(model, windows, { hook, pruning });

for (const name of tinyModels) {
  Deno.test(`takeReadings() without pruning is perplexity(), ${name}`, () =>
    withModel(name, async (model) => {
      const { survivors, ...others } = await takeReadings(model, windows, {}, {});
      const ids = Int32Array.from(windows.flatMap((window) => [...window]));
      const expected = await perplexity(model, ids, { window: 24, startToken: { place: "none" } });
      assertEquals(survivors.perplexity, expected.perplexity);
      assertEquals([survivors.scored, expected.scored, others], [69, 69, {}]);
    }));

  Deno.test(`takeReadings() with pruning reads what scoreWindows() gives, ${name}`, () =>
    withModel(name, async (model) => {
      const readings = await takeReadings(model, windows, { pruning }, {});
      const pruned = await survivorsOf(model);
      const dense = await scoreWindows(model, windows);
      const mean = (values: Float32Array, flags?: Uint8Array) => {
        const counted = values.filter((_, index) => !flags || flags[index]);
        return counted.reduce((sum, value) => sum + value, 0) / counted.length;
      };
      const expected = {
        survivors: pruned.map(({ loss, survived }) => mean(loss, survived)),
        denseOnSurvivors: dense.map(({ loss }, index) => mean(loss, pruned[index].survived)),
        allPositions: pruned.map(({ loss }) => mean(loss)),
      };
      for (const [name, losses] of Object.entries(expected)) {
        const reading = readings[name as keyof typeof expected]!;
        assertEquals(reading.windowLosses, losses);
        assertEquals(reading.perplexity, perplexityOf(losses));
      }
      assertEquals(readings.denseOnSurvivors!.scored, readings.survivors.scored);
      assertEquals(readings.allPositions!.scored, 69);
    }));
}

Deno.test("takeReadings() compares with a reference where there is one", () =>
  withModel("llama", async (model) => {
    const alike = await takeReadings(model, windows, {}, { reference: model });
    const { divergence, agreement } = alike.survivors;
    assertEquals([divergence?.value, agreement?.value], [0, 1]);
    const alone = await takeReadings(model, windows, {}, {});
    assertEquals([alone.survivors.divergence, alone.survivors.agreement], [undefined, undefined]);
  }));

Deno.test("takeReadings() runs the control with the hook and without the pruning", () =>
  withModel("llama", async (model) => {
    const hook: SiteHook = (value) => tf.mul(value, 0.5);
    const plain = await takeReadings(model, windows, { pruning }, {});
    const hooked = await takeReadings(model, windows, { hook, pruning }, {});
    const dense = await scoreWindows(model, windows, { hook });
    assertEquals(hooked.denseOnSurvivors, readScores(dense, await survivorsOf(model, hook)));
    assertNotEquals(hooked.denseOnSurvivors!.perplexity, plain.denseOnSurvivors!.perplexity);
  }));

Deno.test("takeReadings() stops at a signal", () =>
  withModel("llama", async (model) => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assertRejects(() => takeReadings(model, windows, {}, { signal }), Error, "enough");
  }));
