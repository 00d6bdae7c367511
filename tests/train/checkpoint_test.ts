import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type TensorToWrite, writeSafetensors } from "../../lib/io/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import {
  parametersOf,
  resumeTraining,
  saveTraining,
  train,
  type TrainingState,
} from "../../lib/train/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { architectures, newModel, recipe, stream } from "./tiny_training.ts";

const short = { ...recipe, schedule: { ...recipe.schedule, steps: 6 } };

for (const [family, architecture] of Object.entries(architectures)) {
  Deno.test(`resumeTraining() goes on bit for bit where saveTraining() stopped: ${family}`, async () => {
    await withFolder(async (folder) => {
      const whole = await train(await newModel(architecture), stream, short, undefined);
      const controller = new AbortController();
      const stopped = await train(await newModel(architecture), stream, short, undefined, {
        progress: { start() {}, update: (step) => step === 4 && controller.abort(), finish() {} },
        signal: controller.signal,
        checkpoint: {
          every: 100,
          save: (model, state) => saveTraining(folder, "a recipe", model, state),
        },
      });
      const resumed = (await resumeTraining(folder, "a recipe", "tiny", architecture))!;
      assertEquals(resumed.model.architecture, architecture);
      assertEquals(resumed.model.name, "tiny");
      assertEquals(resumed.state, stopped.state);
      const finished = await train(resumed.model, stream, short, resumed.state);
      assertEquals(finished.state, whole.state);
      assertEquals(await parametersOf(finished.model), await parametersOf(whole.model));
    });
  });
}

Deno.test("resumeTraining() finds nothing in an empty folder or for another recipe", async () => {
  await withFolder(async (folder) => {
    const { llama } = architectures;
    assertEquals(await resumeTraining(folder, "a recipe", "tiny", llama), undefined);
    const model = await newModel();
    const moments = (await parametersOf(model)).map(({ values }) => ({
      first: new Float32Array(values.length),
      second: new Float32Array(values.length),
    }));
    const state: TrainingState = { step: 0, moments, losses: [] };
    await saveTraining(folder, "a recipe", model, state);
    const before = tf.memory().numTensors;
    assertEquals(await resumeTraining(folder, "another recipe", "tiny", llama), undefined);
    assertEquals(tf.memory().numTensors, before);
    const resumed = (await resumeTraining(folder, "a recipe", "tiny", llama))!;
    assertEquals(resumed.state, state);
  });
});

Deno.test("resumeTraining() refuses a file that holds something else than was saved", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/training.safetensors`;
    const losses = {
      name: "losses",
      dtype: "F64",
      shape: [2],
      data: Float64Array.of(3, 2),
    } as const;
    const { vocabularySize, embeddingSize } = architectures.llama;
    const swapped = [embeddingSize, vocabularySize];
    const data = new Float32Array(vocabularySize * embeddingSize);
    const moment = { name: "0.first", dtype: "F32", shape: swapped, data } as const;
    const refused: [TensorToWrite[], Record<string, string>, string][] = [
      [[losses], { step: "1" }, 'its step must be that of its 2 losses, got "1"'],
      [[losses], {}, "its step must be that of its 2 losses, got null"],
      [
        [{ ...losses, dtype: "F32", data: Float32Array.of(3, 2) }],
        { step: "2" },
        "its losses must be F64",
      ],
      [
        [losses, moment],
        { step: "2" },
        `tensor 0.first must have shape [${vocabularySize},${embeddingSize}], got [${swapped}]`,
      ],
    ];
    for (const [tensors, metadata, rule] of refused) {
      await writeSafetensors(path, tensors, { recipe: "a recipe", ...metadata });
      const error = await assertRejects(
        () => resumeTraining(folder, "a recipe", "tiny", architectures.llama),
        InputError,
      );
      assertEquals(error.message, `Cannot resume training from ${path}: ${rule}`);
    }
  });
});
