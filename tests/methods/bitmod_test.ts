import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, decodeMatrix, typedMatrix } from "../../lib/format/mod.ts";
import { bitModMethod } from "../../lib/methods/bitmod.ts";
import { configure, methods, prepareModel } from "../../lib/methods/mod.ts";
import { bitMod } from "../../lib/quant/mod.ts";
import { tinyModels, withModel } from "../eval/tiny_models.ts";
import { layersOf, unread } from "./support.ts";

for (const name of tinyModels) {
  Deno.test(`bitModMethod stores all linear maps in 3 or 4 bits, a scale and a choice: ${name}`, () =>
    withModel(name, async (model) => {
      for (const [row, bits] of [["bitmod3", 3], ["bitmod4", 4]] as const) {
        const { model: quantized, forward } = await prepareModel(model, methods[row], unread);
        assertEquals(forward.hook, undefined);
        const [[before], [after]] = [await layersOf(model), await layersOf(quantized)];
        const { weight } = after.down!;
        const { rows, columns } = weight;
        const values = decodeMatrix(before.down!.weight);
        const parts = bitMod(values, columns, { bits, groupSize: 128 });
        assertEquals(decodeMatrix(weight), decodeMatrix(typedMatrix({ ...parts, rows, columns })));
        const groups = Math.ceil(columns / 128);
        assertEquals(bitsPerWeight(weight), bits + (16 + 2) * groups / columns);
      }
    }));
}

Deno.test("bitModMethod refuses other widths, and names the matrix", () =>
  withModel("llama", async (model) => {
    const method = configure("X", bitModMethod, { weights: { bits: 5, groupSize: 128 } });
    const rule = "Cannot quantize query of layer 0: bits of BitMoD must be 3 or 4, got 5";
    const prepared = async () => {
      const { model: quantized } = await prepareModel(model, method, unread);
      await layersOf(quantized);
    };
    await assertRejects(prepared, InputError, rule);
  }));
