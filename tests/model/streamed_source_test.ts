import { assertEquals, assertRejects } from "@std/assert";
import { type LayerWeights, loadModel, openBlock, saveModel } from "../../lib/model/mod.ts";
import { streamedSource } from "../../lib/model/streamed_source.ts";
import { perplexity } from "../../lib/eval/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomIds, randomModel, tinyArchitectures } from "./tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`streamedSource() gives the blocks that memory would: ${name}`, () =>
    withFolder(async (folder) => {
      await saveModel(await randomModel(architecture), folder, "F16");
      const resident = await loadModel(folder);
      const streamed = await loadModel(folder, { residentBytes: 0 });
      assertEquals(streamed.warnings, resident.warnings);
      const ids = randomIds(32);
      const options = { window: 8 };
      const { perplexity: expected } = await perplexity(resident, ids, options);
      assertEquals((await perplexity(streamed, ids, options)).perplexity, expected);
      assertEquals((await perplexity(streamed, ids, options)).perplexity, expected);
    }));
}

Deno.test("streamedSource() begins to read the next block when it gives one, and none twice", async () => {
  const begun: number[] = [];
  const read = (layer: number) => {
    begun.push(layer);
    return Promise.resolve({});
  };
  const source = streamedSource({}, 3, read);
  assertEquals(begun, []);
  await source.layer(0);
  assertEquals(begun, [0, 1]);
  await source.layer(1);
  await source.layer(2);
  assertEquals(begun, [0, 1, 2]);
  await source.layer(0);
  assertEquals(begun, [0, 1, 2, 0, 1]);
  await source.layer(2); // out of turn
  assertEquals(begun, [0, 1, 2, 0, 1, 2]);
});

Deno.test("streamedSource() refuses a block that cannot be read, when it is asked for", async () => {
  const read = (layer: number) =>
    layer === 1 ? Promise.reject(new Error("gone")) : Promise.resolve({});
  const source = streamedSource({}, 2, read);
  await source.layer(0);
  await new Promise((resolve) => setTimeout(resolve, 1)); // an unheard rejection would end the process
  await assertRejects(() => source.layer(1), Error, "gone");
});

Deno.test("streamedSource() frees a block that was read for one use once it is open", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F16");
    const { source, ...model } = await loadModel(folder, { residentBytes: 0 });
    const read: LayerWeights[] = [];
    const watched = {
      ...source,
      layer: async (index: number) => {
        const weights = await source.layer(index);
        read.push(weights);
        return weights;
      },
    };
    using block = await openBlock({ ...model, source: watched }, 0);
    assertEquals(block.layer, 0);
    assertEquals(read.map(({ up }) => up!.weight.byteLength), [0]);
    const resident = await loadModel(folder);
    using _open = await openBlock(resident, 0);
    assertEquals((await resident.source.layer(0)).up!.weight.byteLength, 2 * 24 * 40);
  }));
