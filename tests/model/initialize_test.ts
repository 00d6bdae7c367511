import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { disposeModel, initializeModel, type Model, parameters } from "../../lib/model/mod.ts";
import { mean } from "../../lib/core/mod.ts";
import { tensorData } from "../../lib/tensor/mod.ts";
import { families, tinyArchitectures } from "./tiny_models.ts";

const values = ({ weights }: Model) => parameters(weights).map((tensor) => tensorData(tensor));

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`initializeModel() depends on the seed alone: ${name}`, async () => {
    const [model, same, other] = await Promise.all(
      [7, 7, 8].map((seed) => initializeModel("new", architecture, seed)),
    );
    assertEquals(values(same), values(model));
    assertNotEquals(values(other), values(model));
    for (const each of [model, same, other]) disposeModel(each);
  });
}

Deno.test("initializeModel() draws matrices narrowly, those into the residual stream more so", async () => {
  const architecture = { ...families.opt, hiddenSize: 96, embeddingSize: 96, headDim: 16 };
  const model = await initializeModel("new", architecture, 1);
  const { outer, layers: [block] } = model.weights;
  assertEquals(model.name, "new");
  assert(tensorData(outer.finalNorm!.weight).every((gain) => gain === 1));
  for (const module of [outer.finalNorm!, block.inputNorm!, block.query!, block.up!]) {
    assert(tensorData(module.bias!).every((bias) => bias === 0));
  }
  const deviation = (module: typeof block.query) => {
    const weights = tensorData(module!.weight);
    return Math.sqrt(mean(weights.map((weight) => weight ** 2)));
  };
  const near = (actual: number, expected: number) => Math.abs(actual / expected - 1) < 0.05;
  for (const name of ["query", "key", "value", "up"] as const) {
    assert(near(deviation(block[name]), 0.02), name);
  }
  for (const name of ["output", "down"] as const) {
    assert(near(deviation(block[name]), 0.02 / Math.sqrt(2 * 2)), name);
  }
  disposeModel(model);
});
