import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { mean } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { initializeModel } from "../../lib/model/mod.ts";
import { families, parameterValues, tinyArchitectures } from "./tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`initializeModel() depends on the seed alone: ${name}`, async () => {
    const [values, same, other] = await Promise.all(
      [7, 7, 8].map(async (seed) =>
        parameterValues(await initializeModel("new", architecture, seed))
      ),
    );
    assertEquals(same, values);
    assertNotEquals(other, values);
  });
}

Deno.test("initializeModel() draws matrices narrowly, those into the residual stream more so", async () => {
  const architecture = { ...families.opt, hiddenSize: 96, embeddingSize: 96, headDim: 16 };
  const model = await initializeModel("new", architecture, 1);
  const { outer } = model.source;
  const block = await model.source.layer(0);
  assertEquals(model.name, "new");
  assert(decodeMatrix(outer.finalNorm!.weight).every((gain) => gain === 1));
  for (const module of [outer.finalNorm!, block.inputNorm!, block.query!, block.up!]) {
    assert(module.bias!.every((bias) => bias === 0));
  }
  const deviation = (module: typeof block.query) => {
    const weights = decodeMatrix(module!.weight);
    return Math.sqrt(mean(weights.map((weight) => weight ** 2)));
  };
  const near = (actual: number, expected: number) => Math.abs(actual / expected - 1) < 0.05;
  for (const name of ["query", "key", "value", "up"] as const) {
    assert(near(deviation(block[name]), 0.02), name);
  }
  for (const name of ["output", "down"] as const) {
    assert(near(deviation(block[name]), 0.02 / Math.sqrt(2 * 2)), name);
  }
});
