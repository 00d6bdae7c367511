import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight } from "../../lib/format/mod.ts";
import { bipolarType } from "../../lib/methods/bipolar.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { tinyModels, withModel } from "../eval/tiny_models.ts";
import { layersOf, unread } from "./support.ts";

Deno.test("bipolarType() has the sums of all choices of signed powers of two", () => {
  for (const bits of [2, 3, 4, 5, 6, 7, 8]) {
    const { values, encode, max } = bipolarType(bits);
    assertEquals([values.length, max], [2 ** bits, 2 ** bits - 1]);
    values.forEach((value, code) => {
      let sum = 0;
      for (let digit = 0; digit < bits; digit++) sum += (code >> digit & 1 ? 1 : -1) * 2 ** digit;
      assertEquals([value, encode(value)], [sum, code]);
      assertEquals([encode(value - 0.99), encode(value + 0.99)], [code, code]);
    });
    assertEquals([encode(1e9), encode(-1e9), values[encode(0)]], [2 ** bits - 1, 0, -1]);
  }
});

Deno.test("bipolarType() refuses other bits than 2..8", () => {
  const rule = "Cannot make a format of bipolar integers: bits must be an integer in 2..8, got ";
  for (const bits of [1, 9, 100, 2.5, NaN]) {
    assertThrows(() => bipolarType(bits), InputError, `${rule}${bits}`);
  }
});

for (const name of tinyModels) {
  Deno.test(`bipolarMethod stores all linear maps in bits and a scale for each group: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: quantized } = await prepareModel(model, methods["bipolar4"], unread);
      const [{ down }] = await layersOf(quantized);
      const { weight } = down!;
      assertEquals(weight.form.startsWith("bipolar INT4 in "), true);
      const groups = Math.ceil(weight.columns / 128);
      assertEquals(bitsPerWeight(weight), 4 + 32 * groups / weight.columns);
    }));
}
