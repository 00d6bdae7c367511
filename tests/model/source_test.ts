import { assertEquals, assertStrictEquals } from "@std/assert";
import { buildWeights, readWeights, residentSource } from "../../lib/model/mod.ts";
import { floatMatrix } from "../../lib/format/mod.ts";
import { families } from "./tiny_models.ts";

Deno.test("residentSource() hands out the weights that it was given", async () => {
  const weight = floatMatrix("F32", new Float32Array(1), 1, 1);
  const weights = await buildWeights(families.bloom, () => ({ weight }));
  const source = residentSource(weights);
  assertStrictEquals(source.outer, weights.outer);
  for (const layer of [1, 0, 1]) {
    assertStrictEquals(await source.layer(layer), weights.layers[layer]);
  }
  assertEquals(source.maps, undefined);
});

Deno.test("readWeights() asks a source for every block, one at a time and in order", async () => {
  const weight = floatMatrix("F32", new Float32Array(1), 1, 1);
  const weights = await buildWeights(families.bloom, () => ({ weight }));
  const asked: number[] = [];
  let open = 0;
  const layer = async (index: number) => {
    assertEquals(open++, 0);
    asked.push(index);
    await Promise.resolve();
    open--;
    return weights.layers[index];
  };
  assertEquals(await readWeights({ outer: weights.outer, layer }, 2), weights);
  assertEquals(asked, [0, 1]);
});
