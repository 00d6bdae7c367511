import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { matrixScale } from "../../lib/methods/matrix_scale.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { families } from "../model/tiny_models.ts";
import { tinyModels, withModel } from "../eval/tiny_models.ts";
import { layersOf, unread } from "./support.ts";

Deno.test("matrixScale() is the mean of magnitudes, or the least power of two that holds the largest", () => {
  const values = Float32Array.of(3, -1, 0, 4);
  assertEquals(matrixScale(values, 1, "mean"), 2);
  const points = [1, 2, 4, 127].map((max) => matrixScale(values, max, "binaryPoint"));
  assertEquals(points, [4, 2, 1, 2 ** -4]);
  assertEquals(matrixScale(new Float32Array(2), 1, "mean"), 2 ** -126);
  assertEquals(matrixScale(new Float32Array(2), 1, "binaryPoint"), 2 ** -126);
});

for (const name of tinyModels) {
  Deno.test(`matrixScaleMethod stores bits for each weight, and four bytes: ${name}`, () =>
    withModel(name, async (model) => {
      for (const [row, bits] of [["ternary", 2], ["fixed-point8", 8]] as const) {
        const { model: quantized, forward } = await prepareModel(model, methods[row], unread);
        assertEquals(forward.hook?.sites?.length, row === "ternary" ? 4 : undefined);
        const [[before], [after]] = [await layersOf(model), await layersOf(quantized)];
        const { weight } = after.down!;
        assertEquals(weight.byteLength, weight.rows * weight.columns * bits / 8 + 4);
        const values = decodeMatrix(before.down!.weight);
        const max = bits === 2 ? 1 : 127;
        const scale = matrixScale(values, max, bits === 2 ? "mean" : "binaryPoint");
        const integers = decodeMatrix(weight).map((value) => value / scale);
        integers.forEach((integer, i) => {
          const exact = Math.min(Math.max(values[i] / scale, -max), max);
          assertEquals([Number.isInteger(integer), Math.abs(integer - exact) < 0.501], [
            true,
            true,
          ]);
        });
      }
    }));
}

Deno.test("matrixScaleMethod labels ternary weights, and refuses other scales", () => {
  assertEquals(methods["ternary"].label, { weight: "ternary", activation: "INT8" });
  const other = methods["ternary"].with({ weights: { scale: "absmax" } });
  const rule = 'Cannot quantize weights: scale must be mean or binaryPoint, got "absmax"';
  assertThrows(() => other.passes(families.llama), InputError, rule);
});
