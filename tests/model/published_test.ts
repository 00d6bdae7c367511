import { assertEquals } from "@std/assert";
import { openPublished, readArchitecture, storedBytes } from "../../lib/model/mod.ts";
import { changeConfig, withSaved } from "./saved_model.ts";
import { families } from "./tiny_models.ts";

Deno.test("openPublished() says where the parameters of a model are, and reads none", () =>
  withSaved(families.llama, async (folder) => {
    const published = await openPublished(folder);
    assertEquals(published.architecture, families.llama);
    assertEquals(published.checkpoint.files, [`${folder}/model.safetensors`]);
    const names = published.stored.map(({ name }) => name);
    assertEquals(names[0], "model.embed_tokens.weight");
    assertEquals(new Set(names), new Set(published.checkpoint.tensors.keys()));
    const { size } = await Deno.stat(`${folder}/model.safetensors`);
    const header = 8 + (await headerLength(`${folder}/model.safetensors`));
    assertEquals(storedBytes(published), size - header);
  }));

Deno.test("openPublished() warns of weights in a second form, naming both files", () =>
  withSaved(families.llama, async (folder) => {
    assertEquals((await openPublished(folder)).warnings, []);
    await Deno.writeTextFile(`${folder}/pytorch_model.bin`, "not looked at");
    assertEquals((await openPublished(folder)).warnings, [
      `Of the weights in ${folder} those of model.safetensors are read, and not pytorch_model.bin.`,
    ]);
  }));

Deno.test("readArchitecture() needs the configuration alone", () =>
  withSaved(families.opt, async (folder) => {
    await Deno.remove(`${folder}/model.safetensors`);
    await changeConfig(folder, { bos_token_id: 7 });
    const { name, architecture } = await readArchitecture(`${folder}/`);
    assertEquals(name, folder.split("/").pop());
    assertEquals(architecture, { ...families.opt, startToken: 7 });
  }));

async function headerLength(path: string): Promise<number> {
  const bytes = await Deno.readFile(path);
  return Number(new DataView(bytes.buffer).getBigUint64(0, true));
}
