import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { powerExponents } from "../../lib/methods/nupes.ts";
import { roundHalfEven } from "../../lib/quant/rounding.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { calibrationOf, layersOf, unread } from "./support.ts";

/** `sign(w) round(s |w|^a)` and back, s being `7 / max |w|^a` of a row; number by number. */
function byDefinition(values: Float32Array, columns: number, exponent: number): Float32Array {
  const rounded = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += columns) {
    const row = values.subarray(start, start + columns);
    const largest = Math.max(...row.map(Math.abs));
    row.forEach((value, column) => {
      const power = Math.fround(Math.abs(value) / largest) ** exponent;
      const size = Math.fround((roundHalfEven(7 * power) / 7) ** (1 / exponent));
      rounded[start + column] = Math.sign(value) * Math.fround(size * largest);
    });
  }
  return rounded;
}

for (const name of tinyModels) {
  Deno.test(`nupes rounds powers of the exponent that loses least: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: quantized, forward } = await prepareModel(model, methods.nupes4, unread);
      assertEquals(forward.hook, undefined);
      const [[before], [after]] = [await layersOf(model), await layersOf(quantized)];
      const { weight } = after.down!;
      const values = decodeMatrix(before.down!.weight);
      const tried = powerExponents.map((exponent) => {
        const rounded = byDefinition(values, weight.columns, exponent);
        const noise = values.reduce((sum, value, i) => sum + (value - rounded[i]) ** 2, 0);
        return { exponent, rounded, noise };
      });
      const best = tried.reduce((least, each) => each.noise < least.noise ? each : least);
      assertEquals(
        decodeMatrix(weight).map((each) => each + 0),
        best.rounded.map((each) => each + 0),
      );
      assertEquals(weight.form, `INT4 of powers ${best.exponent} in whole rows`);
      assert(best.exponent < 1, "weights are no even spread");
      const count = weight.rows * weight.columns;
      assertEquals(bitsPerWeight(weight), 4 + 32 / weight.columns + 8 / count);
    }));
}

Deno.test("nupes rounds what linear maps read to powers of their own, where it is told to", () =>
  withModel("llama", async (model) => {
    const own = calibrationOf([randomIds(30, 1)]);
    const { forward } = await prepareModel(model, methods["nupes-w4a8"], own);
    assertEquals(forward.hook!.sites, ["attn.input", "attn.output", "mlp.input", "mlp.hidden"]);
    assertEquals(methods["nupes-w4a8"].activationBits(families.llama), 8);
    assertEquals(methods["nupes-w4a8"].label, { weight: "INT4", activation: "INT8" });
  }));

Deno.test("powerExponents are 1 and less, and nupes refuses bits that codes do not have", () => {
  assertEquals([powerExponents[0], powerExponents[1], powerExponents.at(-1)], [1, 0.95, 0.2]);
  const wide = methods.nupes4.with({ weights: { bits: 9 } });
  const rule = "Cannot make a format of powers: bits must be an integer in 2..8, got 9";
  assertThrows(() => wide.passes(families.llama), InputError, rule);
});
