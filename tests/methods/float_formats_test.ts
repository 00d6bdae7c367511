import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight, decodeMatrix, floatType, type TypedMatrix } from "../../lib/format/mod.ts";
import { typedRounding, typedWeightsPass } from "../../lib/methods/float_formats.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { dequantizeTyped, quantizeTyped } from "../../lib/quant/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { layersOf, run, unread } from "./support.ts";

const ids = randomIds(40, 1);

/** The row, its type, the columns of a group, and what a weight's and a row's scales cost. */
const rows = [
  ["fp8", "E4M3", Infinity, 32, 0],
  ["fp8-e5m2", "E5M2", Infinity, 32, 0],
  ["fp6", "E2M3", 128, 32, 0],
  ["fp6-e3m2", "E3M2", 128, 32, 0],
  ["fp4", "E2M1", 128, 32, 0],
  ["mxfp8", "E4M3", 32, 8, 0],
  ["mxfp6", "E2M3", 32, 8, 0],
  ["mxfp4", "E2M1", 32, 8, 0],
  ["zeroquant-fp-w8a8", "E4M3", 256, 32, 0],
  ["zeroquant-fp-w4a8", "E2M1", 256, 32, 0],
  ["zeroquant-fp-m1", "E2M1", 256, 8, 0],
  ["zeroquant-fp-m2", "E2M1", 256, 8, 32],
  ["zeroquant-fp-m2-floor", "E2M1", 256, 8, 32],
] as const;

for (const name of tinyModels) {
  Deno.test(`floatFormats rounds all linear maps and what they read, without calibration: ${name}`, () =>
    withModel(name, async (model) => {
      const [{ loss }] = await scoreWindows(model, [ids]);
      for (const [row, type, groupSize, scaleBits, rowBits] of rows) {
        const { model: quantized, forward } = await prepareModel(model, methods[row], unread);
        const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
        assertEquals(forward.hook!.sites, inputs);
        const [{ down }] = await layersOf(quantized);
        const weight = down!.weight as TypedMatrix;
        const { columns, bits } = weight;
        const groups = Math.ceil(columns / Math.min(groupSize, columns));
        assert(weight.form.startsWith(`${type} in `));
        assertEquals(bitsPerWeight(weight), bits + (groups * scaleBits + rowBits) / columns);
        const [{ loss: rounded }] = await scoreWindows(quantized, [ids], forward);
        assertNotEquals(rounded, loss);
        assertFloatsClose(rounded, loss, 0.5);
      }
    }));
}

Deno.test("floatFormats labels say the bits, and that blocks share exponents", () => {
  assertEquals(methods["fp4"].label, { weight: "FP4", activation: "FP8" });
  assertEquals(methods["mxfp6"].label, { weight: "MXFP6", activation: "MXFP6" });
});

Deno.test("floatFormats takes any split of bits, and refuses one without exponents", () => {
  const passes = (exponentBits: number) =>
    methods["fp4"].with({ weights: { exponentBits } }).passes(families.llama);
  assertEquals(passes(3)[0].name, "E3M0");
  const rule =
    "Cannot make a floating-point format: exponentBits must be an integer in 1..3, got 0";
  assertThrows(() => passes(0), InputError, rule);
});

Deno.test("typedWeightsPass() and typedRounding() store and give what quantizeTyped() does", () =>
  withModel("llama", async (model) => {
    const type = floatType({ bits: 5, exponentBits: 2 });
    const options = { groupSize: 16, scales: "powers" } as const;
    const { model: quantized } = await run(model, [typedWeightsPass(type, options)], []);
    const [[before], [after]] = [await layersOf(model), await layersOf(quantized)];
    const values = decodeMatrix(before.query!.weight);
    const columns = before.query!.weight.columns;
    const expected = dequantizeTyped(quantizeTyped(values, columns, type, options), columns, type);
    assertEquals(decodeMatrix(after.query!.weight), expected);
    assertEquals(typedRounding(type, options)(values, columns, "x"), expected);
  }));
