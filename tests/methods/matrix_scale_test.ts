import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { matrixScale } from "../../lib/methods/matrix_scale.ts";
import { methods, prepareModel, type Seen } from "../../lib/methods/mod.ts";
import { roundHalfEven } from "../../lib/quant/rounding.ts";
import { tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { families } from "../model/tiny_models.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { calibrationOf, layersOf, unread } from "./support.ts";

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

/** What the last pass of QFX makes of values, after calibration has seen nothing beyond `largest`. */
function roundToPoint(x: Float32Array, bits: number, largest: number): Float32Array {
  const method = methods["fixed-point8-activations"].with({ activations: { bits } });
  const range = { min: Float32Array.of(-largest), max: Float32Array.of(largest / 3), inner: 1 };
  const at = { architecture: families.llama, layer: 0, onStep() {} };
  const seen = { range: () => range } as unknown as Seen;
  const quantizers = method.passes(families.llama).at(-1)!.quantize!(seen, at, {});
  const visit = { site: "mlp.input", layer: 0, window: 0 } as const;
  return tf.tidy(() => tensorData(quantizers["mlp.input"]!.apply(tf.tensor1d(x), visit)).slice());
}

Deno.test("matrixScaleMethod rounds activations to every code of a binary point, and saturates", async () => {
  await useBackend("agile");
  for (let bits = 2; bits <= 8; bits++) {
    const most = 2 ** (bits - 1) - 1;
    for (const point of [-9, -3, 0, 2]) {
      const step = 2 ** point;
      const quarters = Float32Array.from(
        { length: 16 * (most + 1) },
        (_, i) => (i / 4 - 2 * (most + 1)) * step,
      );
      const expected = quarters.map((value) =>
        Math.min(Math.max(roundHalfEven(value / step), -most - 1), most) * step
      );
      for (const largest of [most * step, (most * 0.51) * step]) {
        const rounded = roundToPoint(quarters, bits, largest);
        assertEquals(rounded.map((each) => each + 0), expected.map((each) => each + 0));
      }
    }
  }
});

Deno.test("matrixScaleMethod calibrates a binary point for each input: llama", () =>
  withModel("llama", async (model) => {
    const method = methods["fixed-point8-activations"];
    const own = calibrationOf([randomIds(30, 1), randomIds(30, 2)]);
    const { forward } = await prepareModel(model, method, own);
    assertEquals(forward.hook!.sites, ["attn.input", "attn.output", "mlp.input", "mlp.hidden"]);
    const wide = method.with({ activations: { bits: 9 } });
    const refused = () => wide.passes(families.llama);
    assertThrows(refused, InputError, "bits must be an integer in 2..8, got 9");
    const other = method.with({ activations: { scale: "mean" } });
    const rule = 'Cannot quantize activations: scale must be token or binaryPoint, got "mean"';
    assertThrows(() => other.passes(families.llama), InputError, rule);
  }));

Deno.test("matrixScaleMethod labels ternary weights, and refuses other scales", () => {
  assertEquals(methods["ternary"].label, { weight: "ternary", activation: "INT8" });
  const other = methods["ternary"].with({ weights: { scale: "absmax" } });
  const rule = 'Cannot quantize weights: scale must be mean or binaryPoint, got "absmax"';
  assertThrows(() => other.passes(families.llama), InputError, rule);
});
