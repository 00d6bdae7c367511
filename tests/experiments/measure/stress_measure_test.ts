import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  measureStress,
  stressFormats,
  tripSteps,
} from "../../../experiments/measure/stress_measure.ts";
import { calibrationOf } from "../../../experiments/measure/subject.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { readScores, scoreWindows } from "../../../lib/eval/mod.ts";
import {
  calibrate,
  injectOutliers,
  quantizingHook,
  sitePasses,
  unquantized,
} from "../../../lib/methods/mod.ts";
import { embedTokens, forward, openModel, type SiteHook } from "../../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../../lib/tensor/mod.ts";
import { stoppedSoon } from "./stop.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const settings = {
  ...{ outliers: 2, outlierSeed: 0, bits: 8, largestPowers: [1, 3, 6], windows: 2 },
};

Deno.test("stressFormats() go from one step for all channels to one for each", () => {
  const formats = stressFormats(settings);
  const names = ["layer-wise", "TRIP, K = 1", "TRIP, K = 3", "TRIP, K = 6", "channel-wise"];
  assertEquals([...formats.keys()], names);
  assertEquals(formats.get("layer-wise"), { kind: "trip", bits: 8, K: 0 });
  assertEquals(tripSteps(3), names[2]);
});

for (const name of ["llama", "opt-pre", "bloom"] as const) {
  Deno.test(`measureStress() costs steps for all channels the more, the larger the outliers: ${name}`, () =>
    withFigureSubject(name, async (subject) => {
      const run = async (factor: number) => {
        const stressed = await measureStress(subject, { ...settings, factor }, {});
        assertEquals(stressed.map(({ steps }) => steps), [...stressFormats(settings).keys()]);
        return stressed;
      };
      const [plain, small, large] = [await run(1), await run(64), await run(256)];
      // Steps that follow their channel do not notice.
      assertEquals(small.at(-1), plain.at(-1));
      assertEquals(large.at(-1), plain.at(-1));
      const errors = (stressed: typeof plain) => stressed.map(({ error }) => error.value);
      assert(errors(plain)[0] < errors(large)[0] && errors(small)[0] < errors(large)[0]);
      for (const stressed of [small, large]) {
        const [layerWise, two, eight] = errors(stressed);
        assert(eight < two && two < layerWise);
      }
      const windows = subject.testWindows.slice(0, 2);
      const full = readScores(await scoreWindows(subject.model, windows)).perplexity.value;
      const [{ ratio, perplexity, error }] = large;
      assertAlmostEquals(ratio.value, perplexity.value / full, 1e-6);
      assert(ratio.low! <= ratio.value && error.low! <= error.value);
    }));
}

Deno.test("measureStress() holds what a block adds against what it adds in full precision", () =>
  withFigureSubject("opt-pre", async (subject) => {
    const { model: whole, testWindows: [window] } = subject;
    const model = { ...whole, architecture: { ...whole.architecture, layers: 1 } };
    const config = { ...settings, windows: 1, largestPowers: [], factor: 8, bits: 4 };
    const [{ error }] = await measureStress({ ...subject, model }, config, {});

    const outlying = injectOutliers(model, { channels: { count: 2, seed: 0 }, factor: 8 });
    const format = stressFormats(config).get("layer-wise")!;
    const sites = { "attn.input": format, "mlp.input": format };
    const { sites: [quantizers] } = await calibrate(
      unquantized(outlying),
      sitePasses({ profile: "paper", sites }),
      () => calibrationOf(subject),
    );
    using open = await openModel(outlying);
    const hiddenOf = (hook?: SiteHook) =>
      tidy(() => tensorData(forward(open, window, { hook }).hidden).slice());
    const before = tidy(() =>
      tensorData(embedTokens(model.architecture, open.outer, window).hidden).slice()
    );
    const full = hiddenOf();
    const rounded = hiddenOf(quantizingHook([quantizers]));
    const power = (values: Float32Array) => values.reduce((sum, x) => sum + x * x, 0);
    const changed = power(full.map((x, i) => x - rounded[i]));
    assertAlmostEquals(error.value, changed / power(full.map((x, i) => x - before[i])), 1e-6);
    assert(error.value > 1e-5);
  }));

Deno.test("measureStress() frees its tensors and stops once its signal is aborted", () =>
  withFigureSubject("bloom", async (subject) => {
    const before = tf.memory().numTensors;
    await measureStress(subject, { ...settings, factor: 2 }, {});
    assertEquals(tf.memory().numTensors, before);
    await assertRejects(
      async () => {
        const hooks = { signal: stoppedSoon() };
        await measureStress(subject, { ...settings, factor: 2 }, hooks);
      },
      DOMException,
    );
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("measureStress() refuses a factor below 1", () =>
  withFigureSubject("opt-pre", async (subject) => {
    await assertRejects(
      () => measureStress(subject, { ...settings, factor: 0.5 }, {}),
      InputError,
      "Cannot inject outliers into opt-pre: factor must lie in 1..65536, got 0.5",
    );
  }));
