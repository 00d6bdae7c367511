import { perplexity } from "../../lib/eval/mod.ts";
import { loadEndTokens } from "../../lib/generate/mod.ts";
import {
  openSafetensors,
  openUnfinished,
  writeAtomically,
  writeSafetensors,
} from "../../lib/io/mod.ts";
import {
  type Architecture,
  initializeModel,
  loadModel,
  saveModel,
  StoredBlocks,
} from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import { parametersOf, resumeTraining, saveTraining, zeroMoments } from "../../lib/train/mod.ts";
import { changedJson } from "./changed_json.ts";
import type { Reader } from "./fuzz_reader.ts";
import { gptq } from "./packed_samples.ts";
import { sampleArchitectures } from "./samples.ts";
import { changedSafetensors } from "./weight_readers.ts";

/** What else reads a model's folder, and what work on one leaves behind when it is interrupted. */
export const modelReaders: Record<string, Reader> = {
  ...Object.fromEntries(
    Object.entries(sampleArchitectures)
      .map(([family, architecture]) => [`${family} config`, configReader(architecture)]),
  ),
  "quantized config": {
    file: "config.json",
    async prepare(folder) {
      const path = `${folder}/model.safetensors`;
      await useBackend("agile", { native: false });
      await saveModel(await initializeModel("sample", sampleArchitectures.llama, 0), folder, "F32");
      const quantization_config = await packMaps(path);
      const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
      return changedJson({ ...config, quantization_config });
    },
    read: runModel,
  },
  "end tokens": {
    file: "generation_config.json",
    async prepare(folder) {
      await writeAtomically(`${folder}/config.json`, '{"eos_token_id": 2}');
      return changedJson({ eos_token_id: [2, 3], temperature: 0.5 }, { eos_token_id: 7 });
    },
    read: loadEndTokens,
  },
  training: {
    file: "training.safetensors",
    async prepare(folder) {
      await useBackend("agile", { native: false });
      const model = await initializeModel("sample", sampleArchitectures.opt, 0);
      const moments = (await parametersOf(model)).map(({ values }) => zeroMoments(values.length));
      await saveTraining(folder, "recipe", model, { step: 2, moments, losses: [3, 2.5] });
      const file = await openSafetensors(`${folder}/training.safetensors`);
      const saved = await Array.fromAsync(file.tensors.keys(), async (name) => (
        { name, ...await file.read(name) }
      ));
      return await changedSafetensors(folder, [saved, file.metadata]);
    },
    read: (folder) => resumeTraining(folder, "recipe", "sample", sampleArchitectures.opt),
  },
  "stored block": {
    file: "block-0.safetensors",
    async prepare(folder) {
      await useBackend("agile", { native: false });
      const model = await initializeModel("sample", sampleArchitectures.opt, 0);
      await new StoredBlocks(folder).put(0, await model.source.layer(0));
      const file = await openSafetensors(`${folder}/block-0.safetensors`);
      const saved = await Array.fromAsync(file.tensors.keys(), async (name) => (
        { name, ...await file.read(name) }
      ));
      return await changedSafetensors(folder, [saved, file.metadata]);
    },
    read: (folder) => new StoredBlocks(folder).get(0),
  },
  unfinished: {
    file: "out/unfinished.json",
    async prepare(folder) {
      await Deno.mkdir(`${folder}/out`);
      return changedJson(unfinishedWork);
    },
    async read(folder) {
      (await openUnfinished(`${folder}/out`, unfinishedWork))[Symbol.dispose]();
    },
  },
};

/** What `deno task quantize` notes while it writes a model. */
const unfinishedWork = { model: "sha256", method: "gptq4", settings: { weights: { bits: 4 } } };

/** A configuration beside weights that fit it before it is changed; what loads is run. */
function configReader(architecture: Architecture): Reader {
  return {
    file: "config.json",
    async prepare(folder) {
      await useBackend("agile", { native: false });
      const model = await initializeModel("sample", architecture, 0);
      await saveModel(model, folder, "F32");
      return changedJson(JSON.parse(await Deno.readTextFile(`${folder}/config.json`)));
    },
    read: runModel,
  };
}

async function runModel(folder: string): Promise<void> {
  const model = await loadModel(folder);
  if (model.architecture.maxPositions < 4) return;
  await perplexity(model, Int32Array.of(1, 2, 3, 4), { window: 4 });
}

/** Has GPTQ's codes in the place of the linear maps of a file; what its configuration says of them. */
async function packMaps(path: string): Promise<Record<string, unknown>> {
  const file = await openSafetensors(path);
  const settings = { bits: 4, groupSize: 4, order: true, format: "gptq" };
  const samples = await Array.fromAsync(file.tensors, async ([name, { shape }]) => {
    if (!name.endsWith("proj.weight")) return { tensors: [{ name, ...await file.read(name) }] };
    const [rows, columns] = shape;
    return gptq({ ...settings, prefix: name.slice(0, -"weight".length), rows, columns });
  });
  await writeSafetensors(path, samples.flatMap(({ tensors }) => tensors));
  return samples.find((sample) => "settings" in sample)!.settings;
}
