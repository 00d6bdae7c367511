import { assert, assertEquals } from "@std/assert";
import { mean } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { bitsPerWeight } from "../../lib/format/mod.ts";
import {
  configure,
  type ConfiguredMethod,
  type LorcSettings,
  type MethodName,
  methods,
  prepareModel,
  rtnMethod,
  type RtnSettings,
} from "../../lib/methods/mod.ts";
import { zeroQuantV2 } from "../../lib/methods/zeroquant.ts";
import { randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import { calibrationOf, layersOf, unread } from "./support.ts";

const windows = [1, 2].map((seed) => randomIds(40, seed));

type V2Weights = RtnSettings & { lorc: LorcSettings };

/** Bits of a matrix in groups, by what the authors count, and a zero point of as many bits as a code. */
const groupBits = (bits: number, groupSize: number, columns: number) =>
  bits + (32 + bits) * Math.ceil(columns / groupSize) / columns;

for (const name of tinyModels) {
  Deno.test(`zeroQuantFpIntegers rounds weights by GPTQ and inputs by tokens: ${name}`, () =>
    withModel(name, async (model) => {
      for (const [row, bits] of [["zeroquant-fp-int8", 8], ["zeroquant-fp-int4", 4]] as const) {
        const calibration = calibrationOf(windows);
        const { model: quantized, forward } = await prepareModel(model, methods[row], calibration);
        const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
        assertEquals(forward.hook!.sites, inputs);
        const [{ down }] = await layersOf(quantized);
        const { columns } = down!.weight;
        assertEquals(bitsPerWeight(down!.weight), groupBits(bits, 256, columns));
      }
    }));

  Deno.test(`zeroQuantV2 rounds weights in groups, and gives back some of what they lose: ${name}`, () =>
    withModel(name, async (model) => {
      const { lorc, ...groups } = methods["zeroquant-v2"].settings.weights as V2Weights;
      const rounding = { ...groups, bits: 3, groupSize: 32 };
      const lossOf = async (method: ConfiguredMethod) => {
        const { model: quantized } = await prepareModel(model, method, unread);
        const options = { reference: model };
        const [{ divergence }] = await scoreWindows(quantized, [randomIds(40, 9)], options);
        return mean(divergence!);
      };
      const plain = await lossOf(configure("RTN", rtnMethod, { weights: rounding }));
      const settings = { weights: { ...rounding, lorc } };
      assert(await lossOf(configure("ZeroQuant-V2", zeroQuantV2, settings)) < plain);
    }));
}

Deno.test("zeroQuantFpIntegers has LoRC where it is asked for", () => {
  const namesOf = (row: MethodName) => methods[row].passes(families.llama).map(({ name }) => name);
  const gptq = [...Array(4).fill("GPTQ"), "activations"];
  assertEquals(namesOf("zeroquant-fp-int4"), gptq);
  const lorc = [...Array(4).fill("GPTQ + LoRC"), "activations"];
  assertEquals(namesOf("zeroquant-fp-lorc"), lorc);
  const asked = methods["zeroquant-fp-int4"].with({ weights: { lorc: { rank: 8, bits: 8 } } });
  assertEquals(asked.settings, methods["zeroquant-fp-lorc"].settings);
});
