import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type TensorToWrite, writeSafetensors } from "../../lib/io/mod.ts";
import { type Architecture, loadModel, saveModel } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomModel } from "./tiny_models.ts";

/** Runs a test on the folder of a random model. */
export async function withSaved(
  architecture: Architecture,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const model = await randomModel(architecture);
  await withFolder(async (folder) => {
    await saveModel(model, folder, "F32");
    await test(folder);
  });
}

export async function changeConfig(
  folder: string,
  changes: Record<string, unknown>,
): Promise<void> {
  const path = `${folder}/config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...config, ...changes }));
}

/** Rewrites the checkpoint. */
export async function changeTensors(
  folder: string,
  change: (tensors: TensorToWrite[]) => TensorToWrite[],
): Promise<void> {
  const path = `${folder}/model.safetensors`;
  const tensors = [...readGolden(path).tensors].map(([name, { shape, data }]): TensorToWrite => ({
    name,
    shape,
    data,
    dtype: "F32",
  }));
  await writeSafetensors(path, change(tensors));
}

/** Asserts that a folder is refused with this message, and that nothing of it stays in memory. */
export async function assertRefused(folder: string, message: string): Promise<void> {
  const before = tf.memory().numTensors;
  const error = await assertRejects(() => loadModel(folder), InputError);
  assertEquals(error.message.replaceAll(folder, "FOLDER"), message);
  assertEquals(tf.memory().numTensors, before);
}
