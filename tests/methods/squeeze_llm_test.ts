import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  CodebookMatrix,
  decodeMatrix,
  type SparseMatrix,
  type SumMatrix,
} from "../../lib/format/mod.ts";
import { methods } from "../../lib/methods/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { layersOf, linearNames, run } from "./support.ts";

const windows = [1, 2].map((seed) => randomIds(40, seed));

for (const tiny of tinyModels) {
  Deno.test(`squeezeLlmMethod stores maps as codebooks, a share of each block beside them: ${tiny}`, () =>
    withModel(tiny, async (model) => {
      const method = methods["squeezellm4-sparse"].with({
        weights: { sensitiveShare: 0.01, magnitudeShare: 0.02 },
      });
      const { model: quantized } = await run(model, method.passes(model.architecture), windows);
      const before = await layersOf(model);
      for (const [index, layer] of (await layersOf(quantized)).entries()) {
        const names = linearNames.filter((name) => layer[name]);
        let [kept, all] = [0, 0];
        for (const name of names) {
          const weight = layer[name]!.weight as SumMatrix;
          assert(weight.base instanceof CodebookMatrix, name);
          kept += (weight.parts[0] as SparseMatrix).count;
          const values = decodeMatrix(before[index][name]!.weight);
          all += values.length;
          const largest = values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
          const at = values.findIndex((each) => Math.abs(each) === largest);
          if (name === "up") assertAlmostEquals(decodeMatrix(weight)[at] / values[at], 1, 1e-3);
        }
        assert(kept / all > 0.02 && kept / all <= 0.03, `${kept / all} of block ${index}`);
      }
    }));
}

Deno.test("squeezeLlmMethod keeps nothing beside codebooks unless it is told", () =>
  withModel("llama", async (model) => {
    const passes = methods.squeezellm4.passes(model.architecture);
    const layers = await layersOf((await run(model, passes, windows)).model);
    assert(
      layers.every((layer) =>
        linearNames.every((name) => layer[name]!.weight instanceof CodebookMatrix)
      ),
    );
    const again = await layersOf((await run(model, passes, windows)).model);
    assertEquals(again, layers);
  }));

Deno.test("squeezeLlmMethod refuses calibration without windows", () =>
  withModel("llama", async (model) => {
    await assertRejects(
      () => run(model, methods.squeezellm4.passes(model.architecture), []),
      InputError,
      "there must be at least one calibration window",
    );
  }));
