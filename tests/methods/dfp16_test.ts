import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { dequantizeDynamicFixed, quantizeDynamicFixed } from "../../lib/quant/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { layersOf, unread } from "./support.ts";

const method = methods.dfp16;
const ids = randomIds(30, 1);

for (const name of tinyModels) {
  Deno.test(`dfp16 stores integers with an exponent for each matrix, and computes close to floats: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: changed, forward } = await prepareModel(model, method, unread);
      const [[before], [after]] = [await layersOf(model), await layersOf(changed)];
      const { weight } = after.down!;
      const values = decodeMatrix(before.down!.weight);
      assertEquals(decodeMatrix(weight), dequantizeDynamicFixed(quantizeDynamicFixed(values)));
      assertEquals(bitsPerWeight(weight), 16 + 8 / (weight.rows * weight.columns));
      const [[own], [floats]] = [
        await scoreWindows(changed, [ids], forward),
        await scoreWindows(model, [ids]),
      ];
      assertNotEquals(own.loss, floats.loss);
      own.loss.forEach((loss, i) => assert(Math.abs(loss - floats.loss[i]) < 0.01, `${loss}`));
    }));
}

Deno.test("dfp16 has 16 bits and whole steps of eight products, and refuses others", () => {
  assertEquals(method.label, { weight: "INT16", activation: "INT16" });
  const refuses = (changes: object, rule: string) =>
    assertThrows(
      () => method.with(changes).passes(families.llama),
      InputError,
      `Cannot quantize to dynamic fixed point: ${rule}`,
    );
  refuses({ weights: { bits: 8 } }, "bits must be 16, got 8");
  refuses({ activations: { bits: 4 } }, "bits must be 16, got 4");
  refuses({ activations: { chain: 12 } }, "chain must be a positive multiple of 8, got 12");
});
