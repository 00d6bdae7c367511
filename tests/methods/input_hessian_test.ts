import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { inputHessian } from "../../lib/methods/input_hessian.ts";
import { gptqModel } from "../../lib/methods/mod.ts";
import { advanceStreams, closeStreams, openStreams } from "../../lib/methods/streams.ts";
import { disposeModel, type LayerModuleName, type Model } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { copyLayers, randomIds, withModel } from "../eval/tiny_models.ts";

const windows = [1, 2].map((seed) => randomIds(80, seed));
const options = { bits: 3, groupSize: 32, actOrder: true, symmetric: false };
const changed = 1;

/** The model with matrices of one block multiplied. */
function withFactors(model: Model, factors: [LayerModuleName, number][]): Model {
  const copy = copyLayers(model);
  const layer = copy.weights.layers[changed];
  for (const [name, factor] of factors) {
    const { weight } = layer[name]!;
    const values = weight.dataSync<"float32">().map((value) => value * factor);
    layer[name] = { weight: tf.tensor(values, weight.shape) };
  }
  return copy;
}

for (const power of [66, -66]) {
  Deno.test(`gptqModel() gives the same codes when float32 holds an input but not its square, 2^${power}`, () =>
    withModel("llama", async (model) => {
      const factors: [LayerModuleName, number][] = [["up", 2 ** power], ["down", 2 ** -power]];
      const scaled = withFactors(model, factors);
      const expected = await gptqModel(model, windows, options);
      const actual = await gptqModel(scaled, windows, options);
      const all = Object.fromEntries(factors);
      for (const [index, layer] of expected.weights.layers.entries()) {
        for (const name of ["query", "output", "up", "down"] as const) {
          const factor = index === changed ? all[name] ?? 1 : 1;
          const values = layer[name]!.weight.dataSync<"float32">().map((value) => value * factor);
          assert(values.some((value) => value !== 0));
          assertEquals(actual.weights.layers[index][name]!.weight.dataSync(), values);
        }
      }
      disposeModel(actual, scaled);
      disposeModel(expected, model);
      disposeModel(scaled, model);
    }));
}

Deno.test("inputHessian() never reports less done than before, though it needs a second pass", () =>
  withModel("llama", (model) => {
    const scaled = withFactors(model, [["up", 2 ** -66]]);
    const streams = openStreams(scaled, windows);
    for (let layer = 0; layer < changed; layer++) advanceStreams(scaled, layer, streams);
    const shares: number[] = [];
    inputHessian(scaled, changed, streams, "mlp.hidden", (share) => shares.push(share));
    assertEquals(shares, [0, 1 / 2, 1 / 2, 5 / 8, 3 / 4, 7 / 8]);
    closeStreams(streams);
    disposeModel(scaled, model);
  }));

Deno.test("gptqModel() names site and layer of an activation that is not finite", () =>
  withModel("llama", async (model) => {
    const scaled = withFactors(model, [["up", 2 ** 127]]);
    await assertRejects(
      () => gptqModel(scaled, windows, options),
      InputError,
      `Cannot calibrate llama: mlp.hidden of layer ${changed} must be finite, got `,
    );
    disposeModel(scaled, model);
  }));
