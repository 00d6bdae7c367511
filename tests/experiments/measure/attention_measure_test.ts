import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { measureConcentration, takeMaps } from "../../../experiments/measure/attention_measure.ts";
import { mean } from "../../../lib/core/mod.ts";
import { siteValues } from "../../../lib/inspect/mod.ts";
import { attentionConcentration } from "../../../lib/tokens/mod.ts";
import { stoppedSoon } from "./stop.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const settings = { method: "agileq-8", drawnTokens: 8, distance: 4, windows: 2 } as const;

Deno.test("measureConcentration() is the mean over windows, with other figures once quantized", () =>
  withFigureSubject("llama", async (subject) => {
    const layers = await measureConcentration(subject, settings, {});
    const { model, testWindows } = subject;
    const expected = await Promise.all(
      testWindows.slice(0, 2).map(async (window) => {
        const [found] = await siteValues(model, window, "attn.probs", {}, [1]);
        const { values, shape: [heads, tokens] } = found;
        return attentionConcentration(values, { heads, tokens }, 4);
      }),
    );
    assertEquals(layers.map(({ layer }) => layer), [0, 1, 2]);
    const [one, other] = expected;
    const { local, start, stripe, diagonal } = layers[1].full;
    assertAlmostEquals(local, (one.local + other.local) / 2, 1e-6);
    assertAlmostEquals(stripe.value, start / one.startIfUniform, 1e-6);
    assertAlmostEquals(diagonal.value, local / one.localIfUniform, 1e-6);
    const ends = expected.map((each) => each.local / each.localIfUniform);
    assertAlmostEquals(diagonal.low!, Math.min(...ends), 1e-6); // of two windows, the one alone
    assertAlmostEquals(diagonal.high!, Math.max(...ends), 1e-6);
    assert(layers.every(({ full, quantized }) => full.local !== quantized.local));
    for (const { full, quantized, startMoved, localMoved, heads } of layers) {
      assertAlmostEquals(startMoved.value, quantized.start / full.start, 1e-9);
      assertAlmostEquals(localMoved.value, quantized.local / full.local, 1e-9);
      assertEquals(heads.full.length, model.architecture.heads);
      assertAlmostEquals(mean(heads.full), full.start, 1e-6);
      assertAlmostEquals(mean(heads.quantized), quantized.start, 1e-6);
      assert(new Set(heads.full).size > 1);
    }
  }));

Deno.test("takeMaps() takes the lower triangle of the mean map, whose rows add up to 1", () =>
  withFigureSubject("bloom", async (subject) => {
    const { first, last, lastQuantized } = await takeMaps(subject, settings, {});
    for (const map of [first, last]) {
      assertEquals(map.length, 8);
      map.forEach((row, query) => {
        assertEquals(row.map((value) => value === null), row.map((_, key) => key > query));
        assertAlmostEquals(row.reduce((sum: number, value) => sum + (value ?? 0), 0), 1, 1e-3);
      });
    }
    assert(lastQuantized.flat().some((value) => value !== null && value > 0));
  }));

Deno.test("measureConcentration() stops between two windows once its signal is aborted", () =>
  withFigureSubject("llama", async (subject) => {
    const plain = { ...settings, method: "fp16" } as const; // nothing but windows to stop at
    const run = () => measureConcentration(subject, plain, { signal: stoppedSoon() });
    await assertRejects(run, DOMException, "aborted");
  }));

Deno.test("takeMaps() looks at its signal before every block of its three passes", () =>
  withFigureSubject("llama", async (subject) => {
    const { signal } = new AbortController();
    let looks = 0;
    signal.throwIfAborted = () => void looks++;
    const now = performance.now;
    performance.now = () => 0; // as time goes by there are more
    try {
      await takeMaps(subject, { ...settings, method: "fp16" }, { signal });
    } finally {
      performance.now = now;
    }
    assertEquals(looks, 24);
  }));
