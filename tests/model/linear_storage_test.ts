import { assertEquals } from "@std/assert";
import { storageOf } from "../../lib/format/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import {
  linearGroups,
  loadModel,
  openPublished,
  publishedStorage,
  quantizedForms,
  readWeights,
  watchStorage,
} from "../../lib/model/mod.ts";
import { assertClose } from "../eval/tiny_models.ts";

const golden = new URL("../golden/hf/", import.meta.url).pathname;
const names = linearGroups.flatMap((group) => group.names);

for (const name of ["llama", "llama-f16", "opt-pre", "opt-pre-sharded"]) {
  Deno.test(`publishedStorage() says of files what watchStorage() sees in blocks: ${name}`, async () => {
    const published = publishedStorage(await openPublished(golden + name));
    const { model, storage } = watchStorage(await loadModel(golden + name));
    assertEquals(storage(), storageOf([]));
    await readWeights(model.source, model.architecture.layers);
    await model.source.layer(0); // twice
    assertEquals(storage(), published);
  });
}

Deno.test("publishedStorage() counts queries, keys and values in one tensor once", async () => {
  const { matrices, ...published } = publishedStorage(await openPublished(`${golden}bloom`));
  const { model, storage } = watchStorage(await loadModel(`${golden}bloom`));
  const { layers } = await readWeights(model.source, model.architecture.layers);
  const { matrices: maps, ...watched } = storage();
  assertEquals(published, watched);
  assertEquals([matrices, maps], [4 * layers.length, 6 * layers.length]);
});

Deno.test("watchStorage() sees what a method leaves, be it made anew for every block", async () => {
  const method = methods.rtn4.with({ weights: { bits: 3, groupSize: 32 } });
  const calibration = () => {
    throw new Error("rounding calibrates nothing");
  };
  const storages = [];
  for (const residentBytes of [Infinity, 0]) {
    const full = await loadModel(`${golden}opt-pre`, { residentBytes });
    const { model, storage } = watchStorage((await prepareModel(full, method, calibration)).model);
    const { layers } = await readWeights(model.source, model.architecture.layers);
    const weights = layers.flatMap((layer) => names.flatMap((name) => layer[name]?.weight ?? []));
    assertEquals(storage(), storageOf(weights));
    storages.push(storage());
  }
  assertEquals(storages[0], storages[1]);
  assertEquals(storages[0].forms, ["3 bits in groups of 32"]);
  // A float32 scale and a zero point of 3 bits in every 32 weights.
  assertClose([storages[0].bitsPerWeight], [3 + 35 / 32], 1e-9);
});

Deno.test("quantizedForms() names what is dequantized, the form of the most weights first", async () => {
  const formsOf = async (path: string) =>
    quantizedForms(publishedStorage(await openPublished(`${golden}../checkpoints/${path}`)));
  assertEquals(await formsOf("gguf/llama-f16.gguf"), []);
  assertEquals(await formsOf("gguf/llama-q4_1.gguf"), ["Q4_1"]);
  assertEquals(await formsOf("gptq-4bit-g32"), ["GPTQ 4 bits in groups of 32"]);
  for (const forms of [["F32"], ["F16", "BF16"], ["F64"]]) {
    assertEquals(quantizedForms({ forms }), []);
  }
  assertEquals(quantizedForms({ forms: ["Q6_K", "F32", "Q4_K"] }), ["Q6_K", "Q4_K"]);
});
