import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  bundledModels,
  changedModel,
  corpus,
  trainingCommand,
} from "../../../experiments/measure/bundled.ts";
import { hashFile, loadTokenizer } from "../../../lib/io/mod.ts";
import { loadModel } from "../../../lib/model/mod.ts";
import { useBackend } from "../../../lib/tensor/mod.ts";

const models = new URL("../../../data/models/", import.meta.url).pathname;

for (const { name, architecture, recipe } of Object.values(bundledModels)) {
  Deno.test(`bundledModels describe data/models/${name}`, async () => {
    await useBackend("agile");
    const model = await loadModel(models + name);
    assertEquals(model.architecture, architecture);
    const tokenizer = await loadTokenizer(models + name);
    assertEquals(tokenizer.vocabularySize, architecture.vocabularySize);
    assertEquals(tokenizer.decode([architecture.startToken!]), corpus.tokenizer.startToken);
    const losses = JSON.parse(await Deno.readTextFile(`${models}${name}/losses.json`));
    assertEquals(losses.length, recipe.schedule.steps);
    const card = await Deno.readTextFile(`${models}${name}/README.md`);
    assertStringIncludes(card, await hashFile(`${models}${name}/model.safetensors`));
  });
}

Deno.test("changedModel() says in the name what is trained another way, and trainingCommand() how", () => {
  const { llama } = bundledModels;
  assertEquals(changedModel(llama, {}), llama);
  assertEquals(trainingCommand(llama), "deno task train llama");
  const changed = changedModel(llama, { attention: "softpick", steps: 300 });
  assertEquals(changed.name, "llama-encyclopedia-softpick-300");
  assertEquals(changed.architecture, { ...llama.architecture, attentionNormalization: "softpick" });
  assertEquals(changed.recipe.schedule, { ...llama.recipe.schedule, steps: 300, warmupSteps: 30 });
  assertEquals(trainingCommand(changed), "deno task train llama --attention softpick --steps 300");
});
