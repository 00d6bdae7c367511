import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { parameters } from "../../lib/model/mod.ts";
import { parameterMemory, requireMemory } from "../../lib/model/memory.ts";
import { freeBytes, tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { assertRefused } from "./saved_model.ts";
import { families, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

Deno.test("parameterMemory() counts what the parameters take", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    await withRandomModel({ ...architecture, layers: 3 }, (model) => {
      const tensors = parameters(model.weights);
      const before = freeBytes();
      tensors.forEach(tensorData); // brings them into the memory
      assertEquals(parameterMemory(model.architecture), {
        parameters: tensors.reduce((sum, { size }) => sum + size, 0),
        bytes: before - freeBytes(),
      });
    });
  }
});

Deno.test("requireMemory() lets through what fits and refuses the rest", async () => {
  const wide = { ...families.llama, embeddingSize: 4096, hiddenSize: 4096, vocabularySize: 32000 };
  requireMemory({ ...wide, layers: 2 }, "load a model");
  assertThrows(
    () => requireMemory({ ...wide, layers: 2000 }, "load a model"),
    InputError,
    "Cannot load a model: 1916932096 parameters must fit as float32 into 4.00 GiB of memory, got ",
  );
  await useBackend("cpu");
  requireMemory({ ...wide, layers: 2000 }, "load a model");
  await useBackend("agile");
});

Deno.test("loadModel() refuses by config.json alone what cannot fit", () =>
  withFolder(async (folder) => {
    const config = {
      model_type: "llama",
      hidden_size: 16,
      intermediate_size: 32,
      num_attention_heads: 2,
      vocab_size: 50,
      num_hidden_layers: 1e9,
    };
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
    const before = tf.memory().numTensors;
    await assertRefused(
      folder,
      "Cannot load FOLDER: 2592000001616 parameters must fit as float32 into 4.00 GiB of memory, " +
        'got "12069.94 GiB"',
    );
    assertEquals(tf.memory().numTensors, before);
  }));
