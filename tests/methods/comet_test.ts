import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight, decodeMatrix } from "../../lib/format/mod.ts";
import {
  calibrate,
  emulate,
  injectOutliers,
  inputSites,
  methods,
  unquantized,
} from "../../lib/methods/mod.ts";
import { roundHalfEven } from "../../lib/quant/rounding.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { asAffine, calibrationOf, layersOf, linearNames } from "./support.ts";

const method = methods.comet.with({ weights: { groupSize: 16 } });
const windows = [randomIds(30, 1), randomIds(30, 2)];

/** Weights by rows and groups, symmetrically by the largest magnitude; number by number. */
function byDefinition(values: Float32Array, columns: number, groupOf: Int32Array): Float32Array {
  return values.map((value, i) => {
    const row = values.subarray(i - i % columns, i - i % columns + columns);
    const group = row.filter((_, column) => groupOf[column] === groupOf[i % columns]);
    const step = Math.fround(Math.max(...group.map(Math.abs)) / 7);
    return Math.min(Math.max(roundHalfEven(Math.fround(value / step)), -8), 7) * step;
  });
}

for (const name of tinyModels) {
  Deno.test(`comet gives the blocks of outliers eight bits, and weights the groups of these blocks: ${name}`, () =>
    withModel(name, async (plain) => {
      const model = injectOutliers(plain, { channels: [3, 40], factor: 64 });
      const passes = method.passes(model.architecture);
      const quantized = await calibrate(unquantized(model), passes, calibrationOf(windows));
      const [before, after] = [await layersOf(model), await layersOf(quantized.model)];
      const { query } = after[0];
      const { groupIndex } = asAffine(query!.weight);
      assertEquals([groupIndex[3], groupIndex[40]], [0, 0]);
      for (const name of linearNames.filter((name) => before[0][name])) {
        const weight = asAffine(after[0][name]!.weight);
        const { rows, columns } = weight;
        const values = decodeMatrix(before[0][name]!.weight);
        const expected = byDefinition(values, columns, weight.groupIndex);
        assertEquals(
          decodeMatrix(weight).map((each) => each + 0),
          expected.map((each) => each + 0),
        );
        assertEquals(bitsPerWeight(weight), 4 + (32 + 4) / 16 + 32 / rows);
      }
      const x = tf.zeros([2, model.architecture.hiddenSize]);
      assertEquals(quantized.sites[0]["attn.input"]!.bitsOf!(x), 5); // one block of four
      x.dispose();
    }));
}

Deno.test("comet counts the bits of what linear maps read, by channels", () =>
  withModel("llama", async (plain) => {
    const model = injectOutliers(plain, { channels: [3, 40], factor: 64 });
    const { architecture } = model;
    const own = calibrationOf(windows);
    const quantized = await calibrate(unquantized(model), method.passes(architecture), own);
    const { model: changed, forward, activationBits } = emulate(quantized);
    assertEquals([...forward.hook!.sites!], [...inputSites]);
    assertEquals(activationBits!(), undefined);
    await scoreWindows(changed, [randomIds(20, 5)], forward);
    const { hiddenSize, intermediateSize } = architecture;
    const widths = [hiddenSize, hiddenSize, hiddenSize, intermediateSize];
    let [bits, values] = [0, 0];
    for (const sites of quantized.sites) {
      inputSites.forEach((site, i) => {
        bits += widths[i] * sites[site]!.bitsOf!(undefined!);
        values += widths[i];
      });
    }
    assert(Math.abs(activationBits!()! - bits / values) < 1e-12);
    assert(bits > 4 * values && bits < 8 * values);
  }));

Deno.test("comet takes scales in F16", () =>
  withModel("llama", async (model) => {
    const halves = method.with({ weights: { scaleDtype: "F16" } });
    const passes = halves.passes(model.architecture);
    const { model: changed } = await calibrate(unquantized(model), passes, calibrationOf(windows));
    const { scale } = asAffine((await layersOf(changed))[0].down!.weight);
    assert(scale instanceof Float16Array);
  }));

Deno.test("comet says what it has, and refuses blocks without channels", () => {
  assertEquals(method.label, { weight: "INT4", activation: "INT4, INT8" });
  const own = { ...families.llama };
  const other = methods.comet.with({ weights: { groupSize: 0 } });
  const [pass] = other.passes(own);
  const range = { min: new Float32Array(4), max: new Float32Array(4), inner: 1 };
  const seen = { range: () => range } as never;
  assertThrows(
    () => pass.quantize!(seen, { architecture: own, layer: 2, onStep() {} }, {}),
    InputError,
    "Cannot quantize attn.input of layer 2: groupSize must be a positive integer, got 0",
  );
});
