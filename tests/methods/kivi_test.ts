import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { continuePrompt } from "../../lib/generate/mod.ts";
import { configure, kivi, methods, prepareModel } from "../../lib/methods/mod.ts";
import { loadModel, saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { unread } from "./support.ts";

const activations = { bits: 2, groupSize: 4, residual: 8 };
const small = configure("KIVI", kivi, { activations });

for (const name of ["llama", "opt", "bloom"] as const) {
  Deno.test(`kivi keeps keys and values in groups, of windows and of texts: ${name}`, async () => {
    const model = await randomModel(tinyArchitectures[name]);
    const prepared = await prepareModel(model, small, unread);
    assertEquals(prepared.forward.cache, activations);
    const lossOf = async (bits: number) => {
      const { forward } = await prepareModel(model, small.with({ activations: { bits } }), unread);
      return (await scoreWindows(model, [randomIds(40)], forward))[0].loss;
    };
    const [{ loss: plain }] = await scoreWindows(model, [randomIds(40)]);
    assertFloatsClose(await lossOf(8), plain, 0.02);
    const coarse = await lossOf(2);
    assertFloatsClose(coarse.slice(0, 8), plain.slice(0, 8), 1e-5); // none is a code yet
    assertNotEquals(coarse.slice(8), plain.slice(8));
    const options = { tokens: 12, temperature: 1, seed: 3 };
    const textOf = (forward: object) =>
      continuePrompt(model, randomIds(20), { ...options, ...forward });
    assertEquals(await textOf({ cache: { ...activations, residual: 40 } }), await textOf({}));
    assertEquals((await textOf(prepared.forward)).length, 12);
  });
}

Deno.test("kivi is told of models that stay on the disk, too", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F32");
    const model = await loadModel(folder, { residentBytes: 0 });
    assertEquals((await prepareModel(model, small, unread)).forward.cache, activations);
  }));

Deno.test("kivi has the groups and the residual of its authors", async () => {
  assertEquals(methods.kivi2.settings, { activations: { bits: 2, groupSize: 32, residual: 128 } });
  assertEquals(methods.kivi4.label, { weight: "FP16", activation: "KV INT4" });
  const model = await randomModel(tinyArchitectures.llama);
  await assertRejects(
    () => prepareModel(model, methods.kivi2, unread),
    InputError,
    "Cannot quantize cached keys of layer 0: groups must divide the 4 channels of a head, got 32",
  );
});
