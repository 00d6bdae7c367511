import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { forward, logits, type OpenModel, openModel } from "../../lib/model/mod.ts";
import { modelShapes } from "../../experiments/measure/model_shapes.ts";
import {
  openMemory,
  requireMemory,
  runMemory,
  streamBudget,
  streamBytes,
  windowBytes,
} from "../../lib/model/memory.ts";
import { freeBytes, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { assertRefused } from "./saved_model.ts";
import { families, randomIds, randomModel, tinyArchitectures } from "./tiny_models.ts";

Deno.test("openMemory() counts what one block and what surrounds it take", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    const model = await randomModel({ ...architecture, layers: 1 });
    // What computes brings what it reads into the memory.
    const run = (open: OpenModel) =>
      tidy(() => void logits(open, forward(open, randomIds(5)).hidden).dataSync());
    {
      using open = await openModel(model);
      run(open); // kernels keep what they work in
    }
    const [tensors, free] = [tf.memory().numBytes, freeBytes()];
    using open = await openModel(model);
    run(open);
    assertEquals(openMemory({ ...architecture, layers: 3 }), {
      parameters: (tf.memory().numBytes - tensors) / 4,
      bytes: free - freeBytes(),
    });
  }
});

Deno.test("streamBudget() is four blocks, within 1 MiB and 1 GiB", () => {
  const { llama } = families;
  assertEquals(streamBudget(llama), 2 ** 20);
  const middle = { ...llama, hiddenSize: 1024, heads: 8, keyValueHeads: 8, headDim: 128 };
  const parameters = 4 * 1024 ** 2 + 3 * 1024 * middle.intermediateSize + 2 * 1024;
  assertEquals(streamBudget(middle), 4 * 4 * parameters);
  assertEquals(streamBudget({ ...middle, intermediateSize: 2 ** 20 }), 2 ** 30);
});

Deno.test("requireMemory() lets through what fits and refuses the rest", async () => {
  const wide = { ...families.llama, embeddingSize: 4096, hiddenSize: 4096, vocabularySize: 32000 };
  requireMemory({ ...wide, layers: 2000 }, "load a model");
  const wider = { ...wide, vocabularySize: 320_000 };
  assertThrows(
    () => requireMemory(wider, "load a model"),
    InputError,
    "Cannot load a model: the 1311617024 parameters of a block and the head must fit as float32 " +
      "into 4.00 GiB of memory, got ",
  );
  await useBackend("cpu");
  requireMemory(wider, "load a model");
  await useBackend("agile");
});

Deno.test("loadModel() refuses by config.json alone what cannot fit", () =>
  withFolder(async (folder) => {
    const config = {
      model_type: "llama",
      hidden_size: 16,
      intermediate_size: 32,
      num_attention_heads: 2,
      vocab_size: 1e9,
      num_hidden_layers: 1e9,
    };
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
    const before = tf.memory().numTensors;
    await assertRefused(
      folder,
      "Cannot load FOLDER: the 16000002608 parameters of a block and the head must fit as float32 " +
        'into 4.00 GiB of memory, got "60.00 GiB"',
    );
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("runMemory() holds all of a small model, and two blocks of a large one", () => {
  const architecture = modelShapes["LLaMA-7B"];
  const plan = {
    ...{ quantizedBytes: 0, preparing: 0, window: 2048, windows: 1, passes: 1 },
    storedBytes: 32 * 2 ** 29,
  };
  const large = runMemory(architecture, plan);
  assertEquals([large.isStreamed, large.weights], [true, 2 * 2 ** 29]);
  assertEquals(large.open, openMemory(architecture).bytes);
  const small = runMemory(architecture, { ...plan, storedBytes: 2 ** 30, quantizedBytes: 5 });
  assertEquals([small.isStreamed, small.weights], [false, 2 ** 30 + 5]);
  const { weights, open, scoring } = large;
  assertEquals(large.total, weights + open + scoring);
  assertEquals(scoring, streamBytes(architecture, 2048) + windowBytes(architecture, 2048));
  const compared = runMemory(architecture, { ...plan, passes: 2, window: 4096 });
  const longer = 2 * streamBytes(architecture, 4096) + windowBytes(architecture, 4096);
  assertEquals(compared.scoring, longer);
  // What prepares is done before something is scored.
  for (const preparing of [scoring - 1, scoring + 1]) {
    const { total } = runMemory(architecture, { ...plan, preparing });
    assertEquals(total, weights + open + Math.max(preparing, scoring));
  }
  assertEquals(runMemory(architecture, { ...plan, windows: 0 }).total, weights + open);
});
