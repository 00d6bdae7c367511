import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { AffineMatrix, decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { rtnPass } from "../../lib/methods/mod.ts";
import {
  type Architecture,
  BlockFiles,
  type LayerWeights,
  loadModel,
  openPublished,
  saveModel,
  type StoredModule,
} from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { parameterValues, randomModel, tinyArchitectures } from "./tiny_models.ts";

const quantization = {
  ...{ bits: 4, group_size: 16, quant_method: "gptq", checkpoint_format: "gptq_v2" },
};
const rounding = { bits: 4, groupSize: 16, symmetric: false, range: "minmax" } as const;
const pass = rtnPass({ ...rounding, scaleDtype: "F16" });

/** The same with sizes that checkpoints of GPTQ have. */
const widened = (architecture: Architecture): Architecture => ({
  ...architecture,
  ...{ hiddenSize: 64, heads: 8, headDim: 8 },
  embeddingSize: architecture.embeddingSize < architecture.hiddenSize ? 32 : 64,
  keyValueHeads: architecture.keyValueHeads < architecture.heads ? 4 : 8,
  intermediateSize: architecture.family === "bloom" ? 256 : 96,
});

/** What the pass makes of every block. */
async function rounded(folder: string): Promise<LayerWeights[]> {
  const { architecture, source } = await loadModel(folder);
  const layers = Array.from({ length: architecture.layers }, (_, layer) => source.layer(layer));
  return (await Promise.all(layers)).map((weights, layer) =>
    pass.rewrite!(weights, null!, { architecture, layer, onStep() {} }) as LayerWeights
  );
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`BlockFiles hold blocks as they are quantized, and all else as it is stored: ${name}`, () =>
    withFolder(async (folder) => {
      const [from, to] = [`${folder}/from`, `${folder}/to`];
      await saveModel(await randomModel(widened(architecture)), from, "F16");
      const files = new BlockFiles(await openPublished(from), to, quantization);
      assertEquals(files.isExact, true);
      const blocks = await rounded(from);
      assertEquals(await files.get(0), undefined);
      for (const [layer, weights] of blocks.entries()) {
        const kept = await files.put(layer, weights);
        assertEquals(kept, await files.get(layer));
        assertEquals(decoded(kept), decoded(weights));
        assertEquals(kept.query!.weight instanceof AffineMatrix, true);
      }
      await files.finish();
      const written = await loadModel(to);
      const original = await loadModel(from);
      assertEquals(written.architecture, original.architecture);
      assertEquals(written.warnings, []);
      const { source: { outer }, architecture: { layers } } = original;
      const expected = { outer, layer: (layer: number) => Promise.resolve(blocks[layer]) };
      assertEquals(layers, blocks.length);
      assertEquals(
        await parameterValues(written),
        await parameterValues({ ...original, source: expected }),
      );
    }));
}

function decoded(layer: LayerWeights): Record<string, unknown> {
  const modules = Object.entries(layer) as [string, StoredModule][];
  return Object.fromEntries(
    modules.map(([name, { weight, bias }]) => [name, [decodeMatrix(weight), bias]]),
  );
}

Deno.test("BlockFiles without quantization hold what is rewritten in F16, which get() gives", () =>
  withFolder(async (folder) => {
    const [from, to] = [`${folder}/from`, `${folder}/to`];
    await saveModel(await randomModel(tinyArchitectures.bloom), from, "F32");
    const files = new BlockFiles(await openPublished(from), to);
    assertEquals(files.isExact, false);
    const [weights] = await rounded(from);
    const kept = await files.put(0, weights);
    const values = decodeMatrix(weights.key!.weight);
    assertEquals(decodeMatrix(kept.key!.weight), values.map(Math.f16round));
    assertEquals(kept.inputNorm, weights.inputNorm);
    assertEquals(kept.key!.bias, weights.key!.bias);
  }));

Deno.test("BlockFiles keep biases exactly, though their type does not hold what a method made of them", () =>
  withFolder(async (folder) => {
    const [from, to] = [`${folder}/from`, `${folder}/to`];
    await saveModel(await randomModel(tinyArchitectures.opt), from, "F16");
    const files = new BlockFiles(await openPublished(from), to);
    const [weights] = await rounded(from);
    const bias = weights.up!.bias!.map((value) => value / 3);
    const kept = await files.put(0, { ...weights, up: { ...weights.up!, bias } });
    assertEquals(kept.up!.bias, bias);
    assertEquals(kept.down!.bias, weights.down!.bias);
  }));

Deno.test("BlockFiles of GPTQ refuse maps that are neither codes nor as they were", () =>
  withFolder(async (folder) => {
    const [from, to] = [`${folder}/from`, `${folder}/to`];
    await saveModel(await randomModel(widened(tinyArchitectures.bloom)), from, "F32");
    const files = new BlockFiles(await openPublished(from), to, quantization);
    const [weights] = await rounded(from);
    const query = {
      ...weights.query!,
      weight: floatMatrix("F32", new Float32Array(64 * 64), 64, 64),
    };
    await assertRejects(
      () => files.put(0, { ...weights, query }),
      InputError,
      "Cannot write transformer.h.0.self_attention.query_key_value.weight: a checkpoint of GPTQ " +
        "holds integer codes alone (--format safetensors holds all)",
    );
  }));
