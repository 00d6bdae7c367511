import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError, maximum } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import { injectOutliers, type OutlierOptions } from "../../lib/methods/mod.ts";
import { loadModel, type Model, saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertFloatsClose } from "../tensor/compare.ts";

const lossesOf = async (model: Model) => (await scoreWindows(model, [randomIds(30)]))[0].loss;

for (const name of ["llama", "opt", "bloom"] as const) {
  Deno.test(`injectOutliers() changes nothing that a model computes: ${name}`, async () => {
    const model = await randomModel(tinyArchitectures[name]);
    const before = await lossesOf(model);
    const channels = [0, 7, 23];
    for (const factor of [1, 2, 64, 65536]) {
      assertEquals(await lossesOf(injectOutliers(model, { channels, factor })), before);
    }
    for (const factor of [3, 100.7]) {
      const after = await lossesOf(injectOutliers(model, { channels, factor }));
      assertFloatsClose(after, before, 1e-5);
      assertNotEquals(after, before);
    }
  });

  Deno.test(`injectOutliers() makes channels larger behind both norms alone: ${name}`, async () => {
    const model = await randomModel(tinyArchitectures[name]);
    const changed = injectOutliers(model, { channels: [5], factor: 8 });
    const same = ["attn.q", "attn.k", "attn.v", "attn.output", "mlp.hidden"] as const;
    for (const site of ["attn.input", "mlp.input", ...same] as const) {
      const before = await siteValues(model, randomIds(20), site);
      const after = await siteValues(changed, randomIds(20), site);
      for (const [layer, { values, shape: [, channels] }] of before.entries()) {
        const isNormed = site.endsWith("input");
        const expected = values.map((x, i) => isNormed && i % channels === 5 ? 8 * x : x);
        assertEquals(after[layer].values, expected, `${site} of layer ${layer}`);
      }
    }
  });
}

Deno.test("injectOutliers() draws as many channels as asked for, by the seed", async () => {
  const model = await randomModel(tinyArchitectures.opt);
  const gainsOf = async (channels: OutlierOptions["channels"]) => {
    const { source } = injectOutliers(model, { channels, factor: 4 });
    const [changed, plain] = [await source.layer(1), await model.source.layer(1)];
    return (["inputNorm", "mlpNorm"] as const).map((norm) => {
      const gains = decodeMatrix(plain[norm]!.weight);
      return [...decodeMatrix(changed[norm]!.weight).map((gain, i) => gain / gains[i])];
    });
  };
  const [input, mlp] = await gainsOf({ count: 3, seed: 1 });
  assertEquals(input.filter((ratio) => ratio === 4).length, 3);
  assertEquals(input.filter((ratio) => ratio === 1).length, 21);
  assertEquals(mlp, input);
  assertEquals((await gainsOf({ count: 3, seed: 1 }))[0], input);
  assertNotEquals((await gainsOf({ count: 3, seed: 2 }))[0], input);
  assert((await gainsOf({ count: 24, seed: 0 }))[0].every((ratio) => ratio === 4));
  assertEquals(maximum((await gainsOf([]))[0]), 1);
});

Deno.test("injectOutliers() changes blocks of any store as they are read", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F16");
    const [resident, streamed] = await Promise.all(
      [undefined, 0].map((residentBytes) => loadModel(folder, { residentBytes })),
    );
    const options: OutlierOptions = { channels: { count: 2, seed: 0 }, factor: 16 };
    const before = await lossesOf(resident);
    assertEquals(await lossesOf(injectOutliers(streamed, options)), before);
    assertEquals(await lossesOf(injectOutliers(resident, options)), before);
    assertEquals(await lossesOf(resident), before);
  }));

for (
  const [options, name, message] of [
    [{ factor: 0.5 }, "opt", "factor must lie in 1..65536, got 0.5"],
    [{ factor: NaN }, "opt", "factor must lie in 1..65536, got NaN"],
    [{ factor: 65537 }, "opt", "factor must lie in 1..65536, got 65537"],
    [{ channels: [3, 24] }, "opt", "channels must be in 0..23, got 24"],
    [{ channels: [1.5] }, "opt", "channels must be in 0..23, got 1.5"],
    [{ channels: [3, 4, 3] }, "opt", "no channel may be named twice, got 3"],
    [{ channels: { count: 25, seed: 0 } }, "opt", "the count of channels must be in 0..24, got 25"],
    [
      {},
      "opt with norms after and a narrow embedding, as opt-350m",
      'its norms must stand before attention and MLP, got "after"',
    ],
    [
      {},
      "bloom with residuals behind the norms",
      'its norms must stand before attention and MLP, got "onStream"',
    ],
    [
      {},
      "opt with exact GELU, without biases and parameters of norms, as Galactica",
      "its norms must have gains",
    ],
  ] as [Partial<OutlierOptions>, keyof typeof tinyArchitectures, string][]
) {
  Deno.test(`injectOutliers() refuses ${JSON.stringify(options)} of ${name}`, async () => {
    const model = { ...await randomModel(tinyArchitectures[name]), name: "tiny" };
    assertThrows(
      () => injectOutliers(model, { channels: [1], factor: 2, ...options }),
      InputError,
      `Cannot inject outliers into tiny: ${message}`,
    );
  });
}
