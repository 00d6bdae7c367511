import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { calibrate, rtnPass, type RtnSettings, unquantized } from "../../lib/methods/mod.ts";
import { rtn } from "../../lib/quant/mod.ts";
import { tinyModels, withModel, withModule } from "../eval/tiny_models.ts";
import { asAffine, layersOf, linearNames, unread } from "./support.ts";

const settings: RtnSettings = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" };

for (const name of tinyModels) {
  Deno.test(`rtnPass() rounds every linear map of every block, and nothing else: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: rounded } = await calibrate(unquantized(model), [rtnPass(settings)], unread);
      assert(rounded.source.outer === model.source.outer);
      const [before, after] = [await layersOf(model), await layersOf(rounded)];
      let maps = 0;
      before.forEach((layer, index) => {
        assert(after[index].inputNorm === layer.inputNorm);
        assert(after[index].mlpNorm === layer.mlpNorm);
        for (const name of linearNames.filter((name) => layer[name])) {
          const { weight, bias } = layer[name]!;
          const { rows, columns } = weight;
          const own = after[index][name]!;
          assertEquals(asAffine(own.weight).bits, 4);
          assert(own.bias === bias);
          const expected = rtn(decodeMatrix(weight), { ...settings, rows, columns });
          assertEquals(own.weight, expected);
          for (let row = 0; row < rows; row++) {
            const values = new Float32Array(columns);
            own.weight.decode(row, values);
            assert(new Set(values).size <= 16);
          }
          maps++;
        }
      });
      assertEquals(maps, 3 * (name === "llama" ? 7 : 6));
    }));
}

Deno.test("rtnPass() names the matrix that is not finite", () =>
  withModel("opt-pre", async (model) => {
    const broken = await withModule(model, 1, "down", ({ weight: { rows, columns }, bias }) => {
      const values = new Float32Array(rows * columns).fill(NaN);
      return { weight: floatMatrix("F32", values, rows, columns), bias };
    });
    await assertRejects(
      () => calibrate(unquantized(broken), [rtnPass(settings)], unread),
      InputError,
      "Cannot quantize down of layer 1: element 0 must be finite, got NaN",
    );
  }));
