import { assert, assertEquals } from "@std/assert";
import { decodeMatrix, floatType, integerType } from "../../lib/format/mod.ts";
import {
  leastNoiseActivations,
  leastNoiseQuantizer,
  leastNoiseWeights,
} from "../../lib/methods/least_noise.ts";
import { configure, prepareModel } from "../../lib/methods/mod.ts";
import { noisePower } from "../../lib/quant/mod.ts";
import { tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";
import { calibrationOf, layersOf, unread } from "./support.ts";

const types = [floatType({ bits: 8, exponentBits: 4 }), integerType(8)];
const byRows = { groupSize: "row", scales: "absmax" } as const;

Deno.test("leastNoiseWeights() loses no more than with any one of the types", () =>
  withModel("llama", async (model) => {
    const [{ down }] = await layersOf(model);
    const values = decodeMatrix(down!.weight);
    const noiseOf = async (some: typeof types) => {
      const method = { passes: () => [leastNoiseWeights("X", some, byRows)] };
      const { model: quantized } = await prepareModel(model, configure("X", method, {}), unread);
      return noisePower(values, decodeMatrix((await layersOf(quantized))[0].down!.weight)).noise;
    };
    const alone = [await noiseOf([types[0]]), await noiseOf([types[1]])];
    assertEquals(await noiseOf(types), Math.min(...alone));
  }));

Deno.test("leastNoiseActivations() quantizes what linear maps read", () =>
  withModel("llama", async (model) => {
    const method = { passes: () => [leastNoiseActivations(types, {})] };
    const own = calibrationOf([randomIds(20, 1)]);
    const { forward } = await prepareModel(model, configure("X", method, {}), own);
    const inputs = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
    assertEquals(forward.hook!.sites, inputs);
  }));

Deno.test("leastNoiseQuantizer() takes integers where values are spread evenly, floats where some are far out", async () => {
  await useBackend("agile");
  const even = Float32Array.from({ length: 255 }, (_, i) => i - 127);
  const far = Float32Array.from({ length: 255 }, (_, i) => i === 0 ? 1000 : Math.sin(i));
  const visit = { site: "mlp.input", layer: 0, window: 0 } as const;
  const [integers, floats] = [even, far].map((x) => leastNoiseQuantizer([x, x], types));
  assertEquals([integers.type.name, floats.type.name], ["INT8", "E4M3"]);
  tf.tidy(() => {
    const rounded = integers.apply(tf.tensor([0.4, 1.5, -2.5, 500]), visit);
    assertEquals([...tensorData(rounded)], [0, 2, -2, 127]); // half to even, and not beyond what was seen
    const wide = tensorData(floats.apply(tf.tensor([2000, 1, 0]), visit));
    assertEquals([wide[0], wide[2]], [1000, 0]);
    assert(Math.abs(wide[1] - 1) < 1 / 16);
  });
});
