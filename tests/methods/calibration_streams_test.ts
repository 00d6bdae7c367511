import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError, pauses } from "../../lib/core/mod.ts";
import { BlockAtWork } from "../../lib/methods/block_at_work.ts";
import { CalibrationStreams } from "../../lib/methods/calibration_streams.ts";
import type { Pass } from "../../lib/methods/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, withModel } from "../eval/tiny_models.ts";

const calibration = () => ({
  weightWindows: [1, 2, 3].map((seed) => randomIds(24, seed)),
  activationWindows: [randomIds(24, 1)],
});

const lower = { share: 0.5, inherited: false };
const plain: Pass = { name: "look", settings: null, observes: { "mlp.input": "range" } };
const others: Record<string, Pass> = {
  "windows for activations": { ...plain, windows: "activations" },
  "original blocks": { ...plain, carries: "original" },
  "tokens in fewer bits": { ...plain, lower, sees: "lower" },
};

Deno.test("CalibrationStreams sends passes the same way that want the same, and others on their own", () =>
  withModel("llama", (model) => {
    const before = tf.memory().numTensors;
    const named: Pass = { ...plain, name: "another", lower, observes: { "attn.q": "gram" } };
    const passes = [plain, named, ...Object.values(others)];
    {
      using streams = new CalibrationStreams(model, passes, calibration, { pruning });
      assert(streams.of(named) === streams.of(plain));
      assertEquals(new Set(passes.map((pass) => streams.of(pass))).size, 4);
      assertEquals(streams.of(plain).streams.length, 3);
      assertEquals(streams.of(plain).options, {});
      const { streams: own, options } = streams.of(others["windows for activations"]);
      assertEquals([own.length, options], [1, { pruning }]);
      assertEquals(streams.of(others["tokens in fewer bits"]).options, { lower });
    }
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("CalibrationStreams advances through the rewritten block, or the one that was", () =>
  withModel("llama", async (model) => {
    const [original, other] = [await model.source.layer(0), await model.source.layer(2)];
    const kept = others["original blocks"];
    using streams = new CalibrationStreams(model, [plain, kept], calibration);
    using work = new BlockAtWork(original, 0);
    await work.rewrite(() => other);
    await streams.advance(work, pauses());
    const hidden = (pass: Pass) =>
      tidy(() => tensorData(streams.of(pass).streams.at(0).hidden).slice());
    for (const [pass, weights] of [[plain, other], [kept, original]] as const) {
      using alone = new CalibrationStreams(model, [plain], calibration);
      using through = new BlockAtWork(weights, 0);
      await alone.advance(through, pauses());
      const expected = tidy(() => tensorData(alone.of(plain).streams.at(0).hidden).slice());
      assertEquals(hidden(pass), expected);
    }
    assert(hidden(plain).some((value, i) => value !== hidden(kept)[i]));
  }));

Deno.test("CalibrationStreams refuses no windows, and keeps no tensors", () =>
  withModel("llama", (model) => {
    const before = tf.memory().numTensors;
    const none = () => ({ ...calibration(), activationWindows: [] });
    const passes = [plain, others["windows for activations"]];
    assertThrows(
      () => new CalibrationStreams(model, passes, none),
      InputError,
      "Cannot calibrate llama: there must be at least one calibration window",
    );
    assertEquals(tf.memory().numTensors, before);
  }));
