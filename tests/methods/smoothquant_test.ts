import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight, decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { divideOutputs, multiplyColumns } from "../../lib/methods/fold_scale.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { smoothingPass, smoothingScale } from "../../lib/methods/smoothquant.ts";
import type { Model } from "../../lib/model/mod.ts";
import { quantizeAbsmax } from "../../lib/quant/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { tinyArchitectures } from "../model/tiny_models.ts";
import { assertSameNumbers, goldenTensors } from "../quant/support.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { asAffine, calibrationOf, layersOf, run, valuesAtSites } from "./support.ts";

const windows = [1, 2, 3].map((seed) => randomIds(40, seed));
const { smoothquant } = methods;

const golden = goldenTensors("smoothquant", "rivals");
const fixtures = Deno.env.get("AGILE_QUANT_FIXTURES");

for (const [norm, alpha] of [["layernorm", 0.5], ["rmsnorm", 0.85]] as const) {
  Deno.test(`smoothingScale() is the reference's, and so is what it is folded into: ${norm}`, () => {
    const { has, floats } = golden;
    const id = `${norm}.alpha${alpha}`;
    const readers = [[64, "pair.fc0.weight"], [48, "pair.fc1.weight"]] as const;
    const scale = smoothingScale(
      floats(`${norm}.act_scale`),
      readers.map(([rows, name]) => ({ weight: floatMatrix("F32", floats(name), rows, 128) })),
      alpha,
    );
    assertClose(scale, floats(`${id}.scale`));
    assertClose(divideOutputs(floats(`${norm}.weight`), scale), floats(`${id}.norm_weight`));
    if (has(`${norm}.bias`)) {
      assertClose(divideOutputs(floats(`${norm}.bias`), scale), floats(`${id}.norm_bias`));
    }
    const weight = floats("pair.fc0.weight").subarray(0, 8 * 128);
    assertClose(multiplyColumns(weight, scale), floats(`${id}.w8a8.weight`));
  });
}

// All golden vectors of the reference: whole products, too.
Deno.test({
  name: "smoothquant's codes and products equal the reference on all its vectors",
  ignore: fixtures === undefined,
  async fn() {
    const { floats, integers } = goldenTensors("smoothquant", `${fixtures}/rivals`);
    const { cases } = JSON.parse(await Deno.readTextFile(`${fixtures}/rivals/smoothquant.json`));
    for (const { id, kind, output_codes_within_1e3_of_a_tie: ties } of cases) {
      if (kind !== "w8a8") continue;
      const activation = quantizeAbsmax(floats(`${id}.activation`), 128, 8);
      const weight = quantizeAbsmax(floats(`${id.replace(".w8a8", "")}.fc0.weight`), 128, 8);
      assertSameNumbers(activation.codes, integers(`${id}.activation_codes`), id);
      assertSameNumbers(weight.codes, integers(`${id}.weight_codes`), id);
      const bias = floats("pair.fc0.bias");
      const output = Float32Array.from({ length: 64 * 64 }, (_, i) => {
        const [token, row] = [Math.floor(i / 64), i % 64];
        let sum = 0;
        for (let k = 0; k < 128; k++) {
          sum += activation.codes[token * 128 + k] * weight.codes[row * 128 + k];
        }
        return sum * activation.scale[token] * weight.scale[row] + bias[row];
      });
      const { codes } = quantizeAbsmax(output, 64, 8);
      const expected = integers(`${id}.output_codes`);
      const differences = codes.map((code, i) => Math.abs(code - expected[i]));
      assert(Math.max(...differences) <= 1);
      assert(differences.filter((difference) => difference > 0).length <= ties);
    }
  },
});

/** Within 1e-5 of what the reference's float32 gives. */
function assertClose(actual: Float32Array, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((each, i) => {
    assert(Math.abs(each - expected[i]) <= 1e-5 * Math.abs(expected[i]), `${each}, ${expected[i]}`);
  });
}

const lossesOf = async (model: Model) => (await scoreWindows(model, [windows[0]]))[0].loss;

for (const name of tinyModels) {
  Deno.test(`smoothingPass() changes nothing that a model computes, by what all windows reach: ${name}`, () =>
    withModel(name, async (model) => {
      const alpha = 0.5;
      const pass = smoothingPass(alpha, model.architecture);
      const { model: smoothed } = await run(model, [pass], windows);
      assertFloatsClose(await lossesOf(smoothed), await lossesOf(model), 1e-4);
      const [before, after] = [await valuesAtSites(model, windows), await layersOf(smoothed)];
      const layers = await layersOf(model);
      for (const layer of layers.keys()) {
        const reached = new Float32Array(64);
        for (const values of before.get(`mlp.input of layer ${layer}`)!) {
          values.forEach((x, i) => reached[i % 64] = Math.max(reached[i % 64], Math.abs(x)));
        }
        const { gate, up, mlpNorm } = layers[layer];
        const scale = smoothingScale(
          reached,
          [gate, up].filter((each) => each !== undefined),
          alpha,
        );
        const gain = divideOutputs(decodeMatrix(mlpNorm!.weight), scale);
        assertFloatsClose(decodeMatrix(after[layer].mlpNorm!.weight), gain, 1e-5);
        assert(after[layer].down === layers[layer].down);
      }
    }));

  Deno.test(`smoothQuant quantizes what the authors' evaluation does: ${name}`, () =>
    withModel(name, async (model) => {
      const { model: quantized, forward } = await prepareModel(
        model,
        smoothquant,
        calibrationOf(windows),
      );
      const suffix = name === "llama" ? "BeforeRotary" : "";
      const projections = [`attn.q${suffix}`, `attn.k${suffix}`, "attn.v"];
      const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
      assertEquals([...forward.hook!.sites!].sort(), [...inputs, ...projections].sort());
      for (const layer of await layersOf(quantized)) {
        const weight = asAffine(layer.down!.weight);
        assertEquals([weight.bits, weight.groups, weight.zeroPoints()[0]], [8, 1, 128]);
        assertEquals(bitsPerWeight(weight), 8 + (32 + 8) / weight.columns);
      }
      const [{ loss }] = await scoreWindows(quantized, [windows[0]], forward);
      const before = await lossesOf(model);
      assertNotEquals(loss, before);
      assertFloatsClose(loss, before, 0.1);
    }));
}

Deno.test("smoothQuant smooths every block by what the original ones before it give", () =>
  withModel("llama", async (model) => {
    const passes = smoothquant.passes(model.architecture);
    const [alone, whole] = await Promise.all([passes.slice(0, 1), passes].map(async (each) => {
      const { model: quantized } = await run(model, each, windows);
      return (await layersOf(quantized)).map(({ mlpNorm }) => decodeMatrix(mlpNorm!.weight));
    }));
    assertEquals(whole, alone);
  }));

Deno.test("smoothQuant takes the authors' alpha of each family unless told", () => {
  const alphaOf = (name: keyof typeof tinyArchitectures, alpha?: number) => {
    const method = alpha === undefined ? smoothquant : smoothquant.with({ activations: { alpha } });
    return method.passes(tinyArchitectures[name])[0].settings;
  };
  assertEquals(alphaOf("opt"), { alpha: 0.5 });
  assertEquals(alphaOf("bloom"), { alpha: 0.5 });
  assertEquals(alphaOf("llama"), { alpha: 0.85 });
  assertEquals(alphaOf("llama", 0.9), { alpha: 0.9 });
  for (const [alpha, said] of [[1.5, "1.5"], [true, "true"], ["half", '"half"']]) {
    assertThrows(
      () => alphaOf("llama", alpha as number),
      InputError,
      `Cannot smooth a model: alpha must be in 0..1, got ${said}`,
    );
  }
});

Deno.test("smoothQuant refuses norms that give values to others than linear maps", () => {
  const refused = "opt with norms after and a narrow embedding, as opt-350m";
  assertThrows(
    () => smoothquant.passes(tinyArchitectures[refused]),
    InputError,
    'Cannot smooth a model: its norms must stand before attention and MLP, got "after"',
  );
});
