import { assert, assertEquals } from "@std/assert";
import { bitsPerWeight } from "../../lib/format/mod.ts";
import { crossRounding } from "../../lib/methods/crossquant.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { dequantizeCross, quantizeCross } from "../../lib/quant/mod.ts";
import { tinyModels, withModel } from "../eval/tiny_models.ts";
import { asAffine, layersOf, unread } from "./support.ts";

const rows = [
  ["crossquant-w8a8", 8, 8],
  ["crossquant-w4a8", 4, 8],
  ["crossquant-w4a4", 4, 4],
] as const;

for (const name of tinyModels) {
  Deno.test(`crossQuant rounds weights by rows or groups, and inputs of linear maps: ${name}`, () =>
    withModel(name, async (model) => {
      for (const [row, bits, activationBits] of rows) {
        const method = methods[row];
        assertEquals(method.settings.activations, { bits: activationBits, alpha: 0.15 });
        const { model: quantized, forward } = await prepareModel(model, method, unread);
        const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
        assertEquals(forward.hook!.sites, inputs);
        const [{ down }] = await layersOf(quantized);
        const weight = asAffine(down!.weight);
        const groups = bits === 8 ? 1 : Math.ceil(weight.columns / 128);
        assertEquals([weight.bits, weight.groups], [bits, groups]);
        assertEquals(bitsPerWeight(weight), bits + (32 + bits) * groups / weight.columns);
      }
    }));
}

Deno.test("crossRounding() takes what channels reach from the tokens that come together", () => {
  const options = { bits: 4, alpha: 0.15 };
  const x = Float32Array.of(1, -10, 2, /* the next token */ 0.3, 7, -0.1);
  const together = crossRounding(options)(x, 3, "mlp.input");
  assertEquals(together, dequantizeCross(quantizeCross(x, 3, options)));
  const alone = crossRounding(options)(x.subarray(3), 3, "mlp.input");
  assert(alone.some((value, i) => value !== together[3 + i]));
});
