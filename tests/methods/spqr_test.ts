import { assert, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { BilevelMatrix, decodeMatrix, type StoredMatrix, SumMatrix } from "../../lib/format/mod.ts";
import { methods, rtnPass } from "../../lib/methods/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { layersOf, linearNames, run } from "./support.ts";

const windows = [1, 2].map((seed) => randomIds(80, seed));
const rtn4 = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" } as const;

for (const tiny of tinyModels) {
  Deno.test(`spqrMethod stores maps as bilevel matrices and outliers: ${tiny}`, () =>
    withModel(tiny, async (model) => {
      const { model: quantized } = await run(
        model,
        methods.spqr4.passes(model.architecture),
        windows,
      );
      const before = await layersOf(model);
      const rounded = await layersOf((await run(model, [rtnPass(rtn4)], windows)).model);
      for (const [index, layer] of (await layersOf(quantized)).entries()) {
        for (const name of linearNames.filter((each) => layer[each])) {
          const { weight } = layer[name]!;
          assert(weight instanceof SumMatrix && weight.base instanceof BilevelMatrix, name);
          const values = decodeMatrix(before[index][name]!.weight);
          const errorOf = (matrix: StoredMatrix) =>
            decodeMatrix(matrix).reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0);
          assert(errorOf(weight) < errorOf(rounded[index][name]!.weight), name);
        }
      }
    }));
}

Deno.test("spqrMethod refuses rows that its groups do not divide, and names the map", () =>
  withModel("llama", async (model) => {
    const sevens = methods.spqr4.with({ weights: { statisticsGroupSize: 7 } });
    await assertRejects(
      () => run(model, sevens.passes(model.architecture), windows),
      InputError,
      "Cannot quantize query of layer 0: statisticsGroupSize must divide its 64 rows, got 7",
    );
  }));
