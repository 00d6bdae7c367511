import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import { mixedBits, mixedPrecision } from "../../lib/methods/llm_int8.ts";
import { injectOutliers, methods, prepareModel } from "../../lib/methods/mod.ts";
import { quantizeVectorwise, roundToHalf } from "../../lib/quant/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { mean } from "../../lib/core/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { tinyArchitectures } from "../model/tiny_models.ts";
import { asAffine, layersOf, linearNames, unread } from "./support.ts";

const method = methods["llm-int8"];

for (const name of tinyModels) {
  Deno.test(`llmInt8 rounds rows of every linear map in F16, and inputs alone: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: quantized, forward } = await prepareModel(model, method, unread);
      const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
      assertEquals(forward.hook!.sites, inputs);
      const [before, after] = [await layersOf(model), await layersOf(quantized)];
      before.forEach((layer, index) => {
        assert(after[index].mlpNorm === layer.mlpNorm);
        for (const name of linearNames.filter((name) => layer[name])) {
          const weight = asAffine(after[index][name]!.weight);
          const halves = roundToHalf(decodeMatrix(layer[name]!.weight));
          const { codes, absmax } = quantizeVectorwise(halves, weight.columns, 0);
          assertEquals(weight.readCodes(), Uint8Array.from(codes, (code) => code + 128));
          assertEquals(weight.scale, absmax.map((each) => each / 127));
          assertEquals(bitsPerWeight(weight), 8 + (32 + 8) / weight.columns);
        }
      });
    }));
}

Deno.test("mixedPrecision() rounds what F16 holds, column by column where some token has an outlier", () => {
  const x = Float32Array.of(8, 1 / 3, 2, /* the next token */ 1 / 3, 1, 0.3);
  const values = mixedPrecision(6)(x, 3, "mlp.input");
  const third = Math.f16round(1 / 3);
  assertEquals([values[0], values[3]], [8, third]);
  assertEquals(values[2], Math.fround(127 * Math.fround(2 / 127)));
  assert(values[1] !== third && Math.abs(values[1] - third) <= 1 / 127);
  assertThrows(
    () => mixedPrecision(6)(Float32Array.of(1e5), 1, "mlp.input of layer 3"),
    InputError,
    "Cannot quantize mlp.input of layer 3: element 0 must be finite in F16, got 100000",
  );
});

Deno.test("mixedBits() counts 16 bits in the columns of outliers", () => {
  const x = Float32Array.of(8, 1, 2, /* the next token */ 1, -6, 0.3);
  assertEquals(mixedBits(6)(x, 3), 8 + 8 * 2 / 3);
  assertEquals([mixedBits(9)(x, 3), mixedBits(0)(x, 3)], [8, 8]);
});

Deno.test("llmInt8 counts the bits of what linear maps have read", () =>
  withModel("opt-pre", async (plain) => {
    const model = injectOutliers(plain, { channels: [3, 40], factor: 64 });
    const bitsOf = async (threshold: number) => {
      const chosen = method.with({ activations: { threshold } });
      const { model: quantized, forward, activationBits } = await prepareModel(
        model,
        chosen,
        unread,
      );
      await scoreWindows(quantized, [randomIds(20, 9)], forward);
      return activationBits!();
    };
    assertEquals(await bitsOf(0), 8);
    const some = (await bitsOf(6))!;
    assert(some > 8 && some < 16, `${some} bits`);
  }));

Deno.test("llmInt8 loses less to outliers than eight bits without a threshold", () =>
  withModel("opt-pre", async (plain) => {
    const model = injectOutliers(plain, { channels: [3, 40], factor: 64 });
    const divergenceOf = async (threshold: number) => {
      const chosen = method.with({ activations: { threshold } });
      const { model: quantized, forward } = await prepareModel(model, chosen, unread);
      const options = { ...forward, reference: model };
      const [{ divergence }] = await scoreWindows(quantized, [randomIds(40, 9)], options);
      return mean(divergence!);
    };
    const [apart, together] = [await divergenceOf(6), await divergenceOf(0)];
    assert(3 * apart < together, `${apart} instead of ${together}`);
  }));

Deno.test("llmInt8 takes scales in F16, and refuses other settings of weights", () => {
  const passesOf = (changes: object) => () => method.with(changes).passes(tinyArchitectures.opt);
  assertEquals(passesOf({ weights: { scaleDtype: "F16" } })()[0].settings, {
    ...method.settings.weights,
    scaleDtype: "F16",
  });
  const refuses = (changes: object, rule: string) =>
    assertThrows(passesOf(changes), InputError, `Cannot quantize as LLM.int8(): ${rule}`);
  refuses({ weights: { bits: 4 } }, "bits must be 8, got 4");
  refuses({ activations: { bits: 4 } }, "bits must be 8, got 4");
  refuses({ weights: { groupSize: 64 } }, "groupSize must be row, got 64");
  refuses({ weights: { symmetric: false } }, "symmetric must be true, got false");
  refuses({ weights: { scaleDtype: "BF16" } }, 'scaleDtype must be F32 or F16, got "BF16"');
  assertEquals(method.label, { weight: "INT8", activation: "INT8, FP16" });
});
