import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError, silent } from "../../lib/core/mod.ts";
import { writeSummed } from "../../lib/io/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import {
  parametersOf,
  resumeTraining,
  saveTraining,
  train,
  type TrainingState,
  zeroMoments,
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
        progress: { ...silent, update: (step) => step === 4 && controller.abort() },
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
    const moments = (await parametersOf(model)).map(({ values }) => zeroMoments(values.length));
    const state: TrainingState = { step: 0, moments, losses: [] };
    await saveTraining(folder, "a recipe", model, state);
    const before = tf.memory().numTensors;
    assertEquals(await resumeTraining(folder, "another recipe", "tiny", llama), undefined);
    assertEquals(tf.memory().numTensors, before);
    const resumed = (await resumeTraining(folder, "a recipe", "tiny", llama))!;
    assertEquals(resumed.state, state);
  });
});

Deno.test("resumeTraining() refuses a file that is not as it was written", async () => {
  await withFolder(async (folder) => {
    const { llama } = architectures;
    const path = `${folder}/training.safetensors`;
    const model = await newModel();
    const moments = (await parametersOf(model)).map(({ values }) => zeroMoments(values.length));
    await saveTraining(folder, "a recipe", model, { step: 2, moments, losses: [3, 2] });
    const whole = await Deno.readFile(path);
    const { vocabularySize, embeddingSize } = llama;
    const [right, swapped] = [[vocabularySize, embeddingSize], [embeddingSize, vocabularySize]];
    const losses = {
      name: "losses",
      dtype: "F64",
      shape: [2],
      data: Float64Array.of(3, 2),
    } as const;
    const short = { ...losses, dtype: "F32", data: Float32Array.of(3, 2) } as const;
    const first = new Float32Array(vocabularySize * embeddingSize);
    const moment = { name: "0.first", dtype: "F32", shape: swapped, data: first } as const;
    const reasonOf = async () => {
      const error = await assertRejects(
        () => resumeTraining(folder, "a recipe", "tiny", llama),
        InputError,
      );
      const end = "; once it is removed, training begins anew";
      assertEquals(error.message.slice(-end.length), end);
      return error.message.slice(0, -end.length);
    };
    for (
      const [written, rule] of [
        [[short], "its losses must be F64"],
        [[losses, moment], `tensor 0.first must have shape [${right}], got [${swapped}]`],
      ] as const
    ) {
      await writeSummed(path, "training.safetensors", written, { recipe: "a recipe" });
      assertEquals(await reasonOf(), `Cannot read ${path}: ${rule}`);
    }
    const changed = whole.slice();
    changed[changed.length - 1] ^= 1;
    await Deno.writeFile(path, changed);
    assertEquals(await reasonOf(), `Cannot read ${path}: its numbers must be those of its sum`);
    await Deno.writeFile(path, whole.subarray(0, whole.length - 5));
    assertStringIncludes(await reasonOf(), "it must end within the file's");
    await Deno.writeFile(path, new Uint8Array());
    assertStringIncludes(
      await reasonOf(),
      `Cannot read ${path}: the file must have at least 8 bytes`,
    );
    await Deno.writeFile(path, whole);
    assertEquals((await resumeTraining(folder, "a recipe", "tiny", llama))?.state.losses, [3, 2]);
  });
});
