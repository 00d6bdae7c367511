import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { bundledModels } from "../../../experiments/measure/bundled.ts";
import {
  measureTraining,
  type TrainingConfig,
} from "../../../experiments/measure/training_measure.ts";
import { InputError, type Progress, silent } from "../../../lib/core/mod.ts";
import { useBackend } from "../../../lib/tensor/mod.ts";
import { edgeQatWeights } from "../../../lib/train/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";

const { name, architecture, recipe } = bundledModels.llama;
const ids = Int32Array.from({ length: 500 }, (_, index) => 1 + (index * index) % 2000);
const text = () => Promise.resolve({ ids, hash: "a hash", entropyPerToken: 0 });
const schedule = { peak: 1e-3, floor: 1e-4, warmupSteps: 1, steps: 3 };
const short = { ...recipe, batch: 1, window: 24, schedule };
const w4a4 = { weights: 4, activations: 4 };

const config: TrainingConfig = {
  folder: new URL(`../../../data/models/${name}`, import.meta.url).pathname,
  weights: "a hash",
  rounded: [w4a4],
  window: 24,
  windows: 2,
};

const hooks = { progress: silent, signal: new AbortController().signal };

await useBackend("agile");

Deno.test("measureTraining() without a recipe measures the bundled model and asks for no text", async () => {
  const never = () => Promise.reject(new Error("no text is needed"));
  const result = await measureTraining(config, { checkpoints: "nowhere", text: never }, hooks);
  assertEquals(result.trainingLoss, null);
  assert(result.rounded[0].perplexity.value > result.full.perplexity.value);
  assertEquals([result.full.windowLosses.length, result.sinks.start.length], [2, 2]);
});

Deno.test("measureTraining() goes on from its checkpoint, and from that of no other training", () =>
  withFolder(async (checkpoints) => {
    const quantization = { bits: w4a4, guidance: edgeQatWeights };
    const guided = { ...config, recipe: { ...short, quantization } };
    const stopped = new AbortController();
    const progress: Progress = {
      ...silent,
      update: (_, note) => note?.startsWith("loss") && stopped.abort(),
    };
    const places = { checkpoints, text };
    await assertRejects(() =>
      measureTraining(guided, places, { progress, signal: stopped.signal })
    );
    const folders = () => [...Deno.readDirSync(checkpoints)].length;
    assertEquals(folders(), 1);
    const resumed = await measureTraining(guided, places, hooks);
    assertEquals(folders(), 1);
    const other = `${checkpoints}/other`;
    const whole = await measureTraining(guided, { ...places, checkpoints: other }, hooks);
    assertEquals(resumed, whole);
    const plain = await measureTraining({ ...config, recipe: short }, places, hooks);
    assertEquals(folders(), 3);
    assertNotEquals(plain.trainingLoss, whole.trainingLoss);
  }));

Deno.test("measureTraining() trains fresh weights where there is an architecture", () =>
  withFolder(async (checkpoints) => {
    const softpick = { ...architecture, attentionNormalization: "softpick" as const };
    const fresh = { ...config, architecture: softpick, recipe: short };
    const { full, sinks } = await measureTraining(fresh, { checkpoints, text }, hooks);
    assert(full.perplexity.value > 100 && sinks.zeros[0] > 0.1);
  }));

Deno.test("measureTraining() refuses more windows than the text has", async () => {
  await assertRejects(
    () => measureTraining({ ...config, windows: 1e6 }, { checkpoints: "nowhere", text }, hooks),
    InputError,
    "Cannot measure what training gives: windows must be 1..",
  );
});
