import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { bitsPerWeight, floatMatrix } from "../../lib/format/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { calibrationOf, layersOf, withLayers } from "./support.ts";

const windows = [randomIds(40, 1), randomIds(40, 2)];

for (const name of tinyModels) {
  Deno.test(`mofq stores each matrix in the format that loses least: ${name}`, () =>
    withModel(name, async (model) => {
      const changed = await withLayers(model, (layer) => {
        const { rows, columns } = layer.query!.weight;
        const even = Float32Array.from({ length: rows * columns }, (_, i) => (i % 255) - 127);
        const spread = even.map((each) => Math.sign(each) * 2 ** (Math.abs(each) % 15));
        const store = (values: Float32Array) => floatMatrix("F32", values, rows, columns);
        return {
          ...layer,
          query: { ...layer.query!, weight: store(even) },
          key: { ...layer.key!, weight: store(spread.subarray(0, rows * columns)) },
        };
      });
      const own = calibrationOf(windows);
      const { model: quantized, forward } = await prepareModel(changed, methods.mofq8, own);
      const [{ query, key }] = await layersOf(quantized);
      assertEquals(query!.weight.form, "INT8 in whole rows");
      assertEquals(key!.weight.form, "E4M3 in whole rows");
      assertEquals(bitsPerWeight(query!.weight), 8 + 32 / query!.weight.columns);
      const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
      assertEquals(forward.hook!.sites, inputs);
    }));
}

Deno.test("mofq8 takes one format alone where it is told to, and refuses others", () => {
  const only = (name: string) => ({ weights: { only: name }, activations: { only: name } });
  assertEquals(methods.mofq8.with(only("float")).label, { weight: "FP8", activation: "FP8" });
  return withModel("llama", async (model) => {
    for (const [name, form] of [["float", "E4M3"], ["integer", "INT8"]]) {
      const method = methods.mofq8.with(only(name));
      const prepared = await prepareModel(model, method, calibrationOf(windows));
      const [{ query, down }] = await layersOf(prepared.model);
      for (const map of [query, down]) assertEquals(map!.weight.form, `${form} in whole rows`);
    }
    await assertRejects(
      () => prepareModel(model, methods.mofq8.with(only("posit")), calibrationOf(windows)),
      InputError,
      'Cannot mix formats: only must be float or integer, got "posit"',
    );
  });
});
