import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type Architecture, loadModel, saveModel } from "../../lib/model/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families, parameterValues, randomModel, tinyArchitectures } from "./tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  for (const dtype of ["F32", "F16"] as const) {
    Deno.test(`saveModel() writes what loadModel() reads, ${dtype}: ${name}`, async () => {
      const model = await randomModel(architecture);
      await withFolder(async (folder) => {
        await saveModel(model, folder, dtype);
        const loaded = await loadModel(folder);
        const stored = (value: number) => dtype === "F16" ? Math.f16round(value) : value;
        assertEquals(loaded.architecture, model.architecture);
        const values = Object.entries(await parameterValues(model));
        assertEquals(
          await parameterValues(loaded),
          Object.fromEntries(values.map(([name, each]) => [name, each.map(stored)])),
        );
      });
    });
  }
}

Deno.test("saveModel() gives tensors the names and shapes of the official checkpoints", async () => {
  const golden = { llama: "llama", opt: "opt-pre", bloom: "bloom" };
  for (const [family, folderName] of Object.entries(golden)) {
    const architecture = families[family as keyof typeof families];
    const model = await randomModel({ ...architecture, layers: 3 });
    await withFolder(async (folder) => {
      await saveModel(model, folder, "F32");
      const namesIn = (path: string) =>
        [...readGolden(`${path}/model.safetensors`).tensors]
          .map(([name, { shape }]) => `${name.replace("transformer.", "")} ${shape.length}`)
          .filter((name) => !/inv_freq|lm_head/.test(name)).sort();
      assertEquals(namesIn(folder), namesIn(`hf/${folderName}`));
    });
  }
});

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`saveModel() writes a shard for each block of a large model: ${name}`, async () => {
    const model = await randomModel(architecture);
    await withFolder(async (folder) => {
      await saveModel(model, folder, "F32", { largestFile: 1000 });
      const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assertEquals(files, [
        "config.json",
        "model-00001-of-00003.safetensors",
        "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
        "model.safetensors.index.json",
      ]);
      const loaded = await loadModel(folder);
      assertEquals(loaded.warnings, []);
      assertEquals(await parameterValues(loaded), await parameterValues(model));
    });
  });
}

Deno.test("saveModel() says in config.json how the weights are stored", async () => {
  const model = await randomModel(families.bloom);
  await withFolder(async (folder) => {
    for (const [dtype, expected] of [["F16", "float16"], ["F32", "float32"]] as const) {
      await saveModel(model, `${folder}/new`, dtype);
      const config = JSON.parse(await Deno.readTextFile(`${folder}/new/config.json`));
      assertEquals(config.torch_dtype, expected);
    }
  });
});

Deno.test("saveModel() keeps an OPT without its final norm", async () => {
  const model = await randomModel({ ...families.opt, finalNorm: false });
  await withFolder(async (folder) => {
    await saveModel(model, folder, "F32");
    const loaded = await loadModel(folder);
    assertEquals(loaded.architecture, model.architecture);
  });
});

Deno.test("saveModel() refuses what the family's config.json cannot express", async () => {
  const refused: [Architecture, string][] = [
    [
      { ...families.llama, outputBias: true },
      "outputBias of family llama must be false, got true",
    ],
    [
      { ...families.llama, slidingWindow: { size: 3, from: 0 } },
      'slidingWindow of family llama must be null, got {"size":3,"from":0}',
    ],
    [
      { ...families.opt, normEpsilon: 1e-6 },
      "normEpsilon of family opt must be 0.00001, got 0.000001",
    ],
    [
      { ...families.bloom, maxPositions: 64 },
      'maxPositions of family bloom must be "Infinity", got 64',
    ],
    [
      { ...families.llama, positions: { kind: "alibi" } },
      'positions of family llama must be {"kind":"rotary","theta":10000}, got {"kind":"alibi"}',
    ],
  ];
  for (const [architecture, rule] of refused) {
    const model = await randomModel(architecture);
    await withFolder(async (folder) => {
      const error = await assertRejects(() => saveModel(model, folder, "F32"), InputError);
      assertEquals(error.message, `Cannot write ${folder}/config.json: ${rule}`);
      assertEquals([...Deno.readDirSync(folder)], []);
    });
  }
});
