import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { modelShapes } from "../../../experiments/measure/model_shapes.ts";
import { estimateRun, type PlannedRun } from "../../../experiments/measure/run_cost.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { windowOperations } from "../../../lib/model/mod.ts";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";

await useBackend("agile");

const small: PlannedRun = {
  architecture: { ...modelShapes.small, hiddenSize: 64, embeddingSize: 64, intermediateSize: 256 },
  method: methods.fp16,
  execute: "emulate",
  ...{ window: 16, windows: 10, weightWindows: 8, activationWindows: 4 },
  ...{ compare: false, pruned: false },
};
small.architecture = { ...small.architecture, headDim: 16, vocabularySize: 100 };

/** A clock that advances by a second whenever it is looked at. */
function ticking(): () => number {
  let time = 0;
  return () => time += 1000;
}

const estimate = (changes: Partial<PlannedRun> = {}) =>
  estimateRun({ ...small, ...changes }, { now: ticking() });

Deno.test("estimateRun() scales what steps take by the windows, blocks and heads of a run", async () => {
  // A second for each window in each of 4 blocks, and in the head.
  assertEquals((await estimate()).score, 10 * (4 + 1));
  assertEquals((await estimate({ windows: 20 })).score, 20 * (4 + 1));
  assertEquals((await estimate({ pruned: true })).score, 2 * 10 * (4 + 1));
  // Of a reference that an earlier run has kept just the head is left.
  assertEquals((await estimate({ compare: true })).score, 2 * 10 * (4 + 1));
  assertEquals((await estimate({ compare: true, hasReference: true })).score, 10 * (4 + 1 + 1));
  const layers = { ...small.architecture, layers: 7 };
  assertEquals((await estimate({ architecture: layers })).score, 10 * (7 + 1));
  // Of a vocabulary beyond what is measured the head takes its share more.
  const words = { ...small.architecture, vocabularySize: 3 * 4096 };
  assertEquals((await estimate({ architecture: words })).score, 10 * (4 + 3));
});

Deno.test("estimateRun() measures large blocks with fewer heads, and scales by operations", async () => {
  const size = { hiddenSize: 1024, embeddingSize: 1024, intermediateSize: 4096, headDim: 64 };
  const architecture = {
    ...{ ...small.architecture, ...size, layers: 2 },
    ...{ heads: 16, keyValueHeads: 16 },
  };
  const { score } = await estimate({ architecture, window: 1024, windows: 10 });
  // Half as many heads took a second of this clock: a quarter of the maps, half of the attention.
  const half = {
    ...architecture,
    heads: 8,
    keyValueHeads: 8,
    hiddenSize: 512,
    intermediateSize: 2048,
  };
  const operations = (each: typeof half) => {
    const { maps, attention } = windowOperations(each, 1024);
    return maps + attention;
  };
  const ratio = operations(architecture) / operations(half);
  assert(ratio > 3.5 && ratio < 4);
  // The head has half as many channels.
  assertAlmostEquals(score, 10 * (2 * ratio + 2), 1e-9);
});

Deno.test("estimateRun() counts calibration where the method calibrates, and says how weights are stored", async () => {
  const none = await estimate();
  assertEquals([none.storage.forms, none.storage.bitsPerWeight], [["F16"], 16]);
  const rounded = await estimate({ method: methods.rtn4 });
  assertEquals(rounded.storage.forms, ["4 bits in whole rows"]);
  const few = await estimate({ method: methods.gptq4 });
  const many = await estimate({ method: methods.gptq4, weightWindows: 80 });
  // The windows of calibration pass 3 blocks to reach the last one.
  assert(many.prepare >= few.prepare + 72 * 3, `${many.prepare} s after ${few.prepare} s`);
  assertEquals(many.score, few.score);
});

Deno.test("estimateRun() says how weights are stored that are no codes on a grid", async () => {
  const forms = {
    "spqr4": "4 bits in groups of 16, their grids in 3 bits + sparse F16",
    "squeezellm4": "4 bits by a codebook per row",
    "shiftadd3-lat": "3 binary digits worth sums of 3 powers of two",
  };
  for (const [name, form] of Object.entries(forms)) {
    const method = methods[name as keyof typeof forms];
    assertEquals((await estimate({ method })).storage.forms, [form]);
    const made = await estimate({ method, hasWeights: true });
    assertEquals(made.storage.forms, [form]);
  }
});

Deno.test("estimateRun() leaves no tensors behind, and stops at once", async () => {
  const tensors = tf.memory().numTensors;
  await estimate({ method: methods["agileq-8"], execute: "integer", compare: true });
  assertEquals(tf.memory().numTensors, tensors);
  const stopped = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => estimateRun(small, { signal: stopped }), Error, "enough");
});
