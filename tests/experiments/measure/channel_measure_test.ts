import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type ChannelSettings,
  measureChannels,
  takeChannelMap,
} from "../../../experiments/measure/channel_measure.ts";
import { stoppedSoon } from "./stop.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const settings: ChannelSettings = {
  site: "attn.input",
  drawnTokens: 6,
  pruning: { beta: 0.5, layers: [0], positions: "renumber" },
  outlying: 2,
  windows: 2,
};

Deno.test("measureChannels() compares channels before and after pruning", () =>
  withFigureSubject("llama", async (subject) => {
    const layers = await measureChannels(subject, settings, {});
    assertEquals(layers.length, 3);
    assert(
      layers.every(({ spread, outliers, persistent }) =>
        spread.value >= 1 && outliers >= persistent
      ),
    );
    assertEquals(layers[0].spread, layers[0].spreadPruned, "nothing is pruned before layer 0");
    assertEquals(layers[0].pruningEffect, { value: 1, low: 1, high: 1 });
    const { spread, spreadPruned, pruningEffect, persistent, persistence } = layers[1];
    assert(spread.value !== spreadPruned.value);
    assertAlmostEquals(pruningEffect.value, spreadPruned.value / spread.value, 1e-12);
    assertEquals(persistent > 0, persistence.value >= 0.5);
  }));

Deno.test("measureChannels() gives no interval to a single window", () =>
  withFigureSubject("llama", async (subject) => {
    const [{ spread, persistence }] = await measureChannels(
      subject,
      { ...settings, windows: 1 },
      {},
    );
    assertEquals([spread.low, persistence.low], [undefined, undefined]);
  }));

Deno.test("takeChannelMap() takes the magnitudes of the layer of the largest spread", () =>
  withFigureSubject("opt-pre", async (subject) => {
    const { layer, magnitudes, maxima, maximaPruned } = await takeChannelMap(subject, settings, {});
    const spreads = (await measureChannels(subject, { ...settings, windows: 1 }, {}))
      .map(({ spread }) => spread.value);
    assertEquals(spreads[layer], Math.max(...spreads));
    assertEquals([magnitudes.length, magnitudes[0].length], [6, 64]);
    assertEquals([maxima.length, maximaPruned.length], [64, 64]);
    magnitudes.forEach((row) =>
      row.forEach((value, c) => assert(value >= 0 && value <= maxima[c]))
    );
  }));

for (const measure of [measureChannels, takeChannelMap]) {
  Deno.test(`${measure.name}() stops once its signal is aborted`, () =>
    withFigureSubject("llama", async (subject) => {
      const run = () => measure(subject, settings, { signal: stoppedSoon() });
      await assertRejects(run, DOMException, "aborted");
    }));
}
