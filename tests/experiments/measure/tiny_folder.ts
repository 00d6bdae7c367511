import { bundledModels, corpus } from "../../../experiments/measure/bundled.ts";
import { generateEncyclopedia, trainTokenizer } from "../../../lib/corpus/mod.ts";
import { type Architecture, initializeModel, saveModel } from "../../../lib/model/mod.ts";
import { useBackend } from "../../../lib/tensor/mod.ts";

const vocabularySize = 300;

/** One block of 16 channels. */
export const tinyArchitecture: Architecture = {
  ...bundledModels.llama.architecture,
  layers: 1,
  hiddenSize: 16,
  embeddingSize: 16,
  intermediateSize: 32,
  heads: 2,
  keyValueHeads: 2,
  headDim: 8,
  vocabularySize,
};

/** Writes a model with random weights and a tokenizer of its vocabulary to a folder. */
export async function writeTinyModel(folder: string, architecture = tinyArchitecture) {
  await useBackend("agile");
  const model = await initializeModel("tiny", architecture, 1);
  await saveModel(model, folder, "F32");
  const { text } = generateEncyclopedia({ seed: 1, characters: 20_000 });
  const specialTokens = [corpus.tokenizer.startToken];
  const tokenizer = trainTokenizer(text, { vocabularySize, specialTokens });
  await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(tokenizer));
}

/** Leaves a model folder a file of weights that has none of them: loading the model is refused. */
export async function removeWeights(folder: string) {
  const header = new TextEncoder().encode("{}      ");
  const length = Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0);
  await Deno.writeFile(`${folder}/model.safetensors`, Uint8Array.of(...length, ...header));
}
