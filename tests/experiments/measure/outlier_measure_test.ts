import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  measureOutliers,
  type OutlierSettings,
} from "../../../experiments/measure/outlier_measure.ts";
import { observeOutliers } from "../../../experiments/measure/outlier_state.ts";
import { pruningFor } from "../../../experiments/measure/pruning_plan.ts";
import { mean } from "../../../lib/core/mod.ts";
import { siteValues } from "../../../lib/inspect/mod.ts";
import { stoppedSoon } from "./stop.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const settings: OutlierSettings = {
  bits: 8,
  K: 3,
  pruning: { beta: 0.5, layers: [1], positions: "renumber" },
  windows: 2,
};

Deno.test("measureOutliers() looks at every layer, and judges those behind the pruning", () =>
  withFigureSubject("llama", async (subject) => {
    const { sites, effects } = await measureOutliers(subject, settings, {});
    assertEquals(sites.length, 4 * 3);
    const behind = sites.filter(({ behindPruning }) => behindPruning);
    assertEquals(behind.map(({ site, layer }) => `${layer} ${site}`), [
      ...["1 mlp.input", "1 mlp.hidden"],
      ...["2 attn.input", "2 attn.output", "2 mlp.input", "2 mlp.hidden"],
    ]);
    assertEquals(effects.length, 4 * 4);
    for (const { behindPruning, all, sets } of sites) {
      const { error: _, errorBefore: _before, ...pruned } = sets.pruned;
      assert(behindPruning || sets.pruned.error === sets.pruned.errorBefore);
      if (!behindPruning) assertEquals(pruned, all);
    }
  }));

Deno.test("measureOutliers() observes all tokens, survivors, and the same without pruning", () =>
  withFigureSubject("llama", async (subject) => {
    const { sites, effects } = await measureOutliers(subject, { ...settings, windows: 1 }, {});
    const { model, testWindows: [window] } = subject;
    const take = async (layer: number, pruned: boolean) => {
      const options = pruned ? { pruning: pruningFor(model, settings.pruning) } : {};
      return (await siteValues(model, window, "mlp.input", options, [layer]))[0];
    };
    for (const layer of [1, 2]) {
      const [all, left] = [await take(layer, false), await take(layer, true)];
      const state = (values: Float32Array) => observeOutliers(values, 64, settings).state;
      const rows = (positions: Iterable<number>) =>
        Float32Array.from(
          Array.from(positions).flatMap((position) => [
            ...all.values.subarray(64 * position, 64 * position + 64),
          ]),
        );
      const found = sites.find((each) => each.site === "mlp.input" && each.layer === layer)!;
      const { error: _, errorBefore: _before, ...pruned } = found.sets.pruned;
      assertEquals(found.all, state(all.values));
      assertEquals(pruned, state(left.values));
      assertEquals(left.positions.length, 12);
      assertEquals(found.sets.selected.kurtosis, state(rows(left.positions)).kurtosis);
      const others = Array.from({ length: window.length - 1 }, (_, index) => index + 1);
      assertEquals(found.sets.withoutStart.kurtosis, state(rows(others)).kurtosis);
      assert(found.sets.random.kurtosis !== found.sets.pruned.kurtosis);
      assertEquals(found.sets.pruned.errorBefore, found.sets.selected.errorBefore);
      assert(found.sets.selected.error !== found.sets.selected.errorBefore);
    }
    const own = sites.filter(({ site, behindPruning }) => site === "mlp.input" && behindPruning);
    const { range, error, errorOverRandom } = effects.find(({ site, set }) =>
      site === "mlp.input" && set === "pruned"
    )!;
    const geometric = (ratios: number[]) => Math.exp(mean(ratios.map(Math.log)));
    const errorOf = (set: "pruned" | "random") =>
      geometric(own.map(({ sets }) => sets[set].error / sets[set].errorBefore));
    assertAlmostEquals(
      range.value,
      geometric(own.map(({ all, sets }) => sets.pruned.range / all.range)),
      1e-12,
    );
    assertAlmostEquals(error.value, errorOf("pruned"), 1e-12);
    assertAlmostEquals(errorOverRandom.value, errorOf("pruned") / errorOf("random"), 1e-12);
  }));

Deno.test("measureOutliers() gives intervals over windows and the means of their states", () =>
  withFigureSubject("opt-pre", async (subject) => {
    const { testWindows } = subject;
    const of = (windows: Int32Array[]) =>
      measureOutliers({ ...subject, testWindows: windows }, settings, {});
    const [both, one, other] = [
      await of(testWindows.slice(0, 2)),
      await of(testWindows.slice(0, 1)),
      await of(testWindows.slice(1, 2)),
    ];
    const ranges = [one, other].map(({ sites: [{ all }] }) => all.range);
    assertAlmostEquals(both.sites[0].all.range, mean(ranges), 1e-9);
    const errors = [one, other].map(({ effects: [{ error }] }) => error.value);
    const { value, low, high } = both.effects[0].error;
    assertEquals(both.effects[0].set, "pruned");
    assertAlmostEquals(value, Math.sqrt(errors[0] * errors[1]), 1e-12);
    assertAlmostEquals(low!, Math.min(...errors), 1e-12);
    assertAlmostEquals(high!, Math.max(...errors), 1e-12);
    assertEquals(one.effects[0].error.low, undefined);
  }));

Deno.test("measureOutliers() stops between two windows once its signal is aborted", () =>
  withFigureSubject("llama", async (subject) => {
    const run = () => measureOutliers(subject, settings, { signal: stoppedSoon() });
    await assertRejects(run, DOMException, "aborted");
  }));
