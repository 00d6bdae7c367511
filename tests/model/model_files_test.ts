import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openCheckpoint, readConfig, settingFiles } from "../../lib/model/model_files.ts";
import { withGguf } from "./gguf_sample.ts";
import { changeConfig, withSaved } from "./saved_model.ts";
import { families } from "./tiny_models.ts";

Deno.test("readConfig() and openCheckpoint() read a folder in Hugging Face layout", () =>
  withSaved(families.bloom, async (folder) => {
    const config = await readConfig(folder);
    assertEquals(config.value("model_type"), "bloom");
    const checkpoint = await openCheckpoint(folder, config);
    assertEquals(checkpoint.path, folder);
    const embedding = await checkpoint.readMatrix("transformer.word_embeddings.weight");
    assertEquals([embedding.rows, embedding.columns], [50, 24]);
  }));

Deno.test("readConfig() refuses a file, and a folder without a model", () =>
  withSaved(families.bloom, async (folder) => {
    const file = `${folder}/config.json`;
    const message = `Cannot load ${file}: it must be the folder of a model or a .gguf file`;
    await assertRejects(() => readConfig(file), InputError, message);
  }));

Deno.test("openCheckpoint() refuses weights that are quantized in a way that is not read", () =>
  withSaved(families.bloom, async (folder) => {
    await changeConfig(folder, { quantization_config: { quant_method: "other" } });
    const config = await readConfig(folder);
    await assertRejects(
      () => openCheckpoint(folder, config),
      InputError,
      `Cannot load ${folder}/config.json: quant_method must be gptq or awq`,
    );
  }));

Deno.test("readConfig() and openCheckpoint() read a GGUF file, told by its name", () =>
  withGguf({}, async (path) => {
    const config = await readConfig(path);
    assertEquals(config.value("model_type"), "llama");
    const checkpoint = await openCheckpoint(path, config);
    assertEquals([checkpoint.path, checkpoint.files], [path, [path]]);
  }));

Deno.test("readConfig() and openCheckpoint() read a folder that is called as a GGUF file is", () =>
  withSaved(families.opt, async (folder) => {
    const path = `${folder}/model.gguf`;
    await Deno.mkdir(path);
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.rename(`${folder}/${name}`, `${path}/${name}`);
    }
    const config = await readConfig(path);
    assertEquals((await openCheckpoint(path, config)).path, path);
    assertEquals(await settingFiles(path), [`${path}/config.json`]);
  }));

Deno.test("settingFiles() are config.json and what the tokenizer is made of, or the GGUF file", async () => {
  await withSaved(families.opt, async (folder) => {
    assertEquals(await settingFiles(folder), [`${folder}/config.json`]);
    await Deno.writeTextFile(`${folder}/tokenizer.json`, "{}");
    const files = [`${folder}/config.json`, `${folder}/tokenizer.json`];
    assertEquals(await settingFiles(folder), files);
  });
  assertEquals(await settingFiles("a/b.gguf"), ["a/b.gguf"]);
});
