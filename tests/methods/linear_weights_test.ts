import { assert, assertEquals } from "@std/assert";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { changeMatrices, type WeightMatrix } from "../../lib/methods/mod.ts";
import { withModel } from "../eval/tiny_models.ts";

Deno.test("changeMatrices() changes the maps it is told to, one after the other, and no biases", () =>
  withModel("opt-pre", async (model) => {
    const layer = await model.source.layer(2);
    const met: Omit<WeightMatrix, "values" | "weight">[] = [];
    const changed = changeMatrices(
      layer,
      2,
      ["up", "gate", "down"],
      ({ values, weight, ...matrix }) => {
        assertEquals(values, decodeMatrix(weight));
        met.push(matrix);
        const { rows, columns } = matrix;
        return floatMatrix("F32", values.map((value) => -value), rows, columns);
      },
    );
    assertEquals(met, [ // OPT has no gate
      { rows: 256, columns: 64, name: "up of layer 2", order: 0, count: 2 },
      { rows: 64, columns: 256, name: "down of layer 2", order: 1, count: 2 },
    ]);
    const { up, down, ...others } = changed;
    for (const [name, own] of Object.entries({ up, down })) {
      const before = layer[name as "up" | "down"]!;
      assert(own!.bias === before.bias);
      const negated = decodeMatrix(before.weight).map((value) => -value);
      assertEquals(decodeMatrix(own!.weight), negated);
    }
    const { up: _up, down: _down, ...same } = layer;
    assertEquals(Object.keys(others).sort(), Object.keys(same).sort());
    for (const [name, module] of Object.entries(others)) {
      assert(module === layer[name as keyof typeof layer]);
    }
  }));
