import { canonicalJson, require } from "../core/mod.ts";
import { decodeMatrix, encodeFloats, FloatMatrix } from "../format/mod.ts";
import { type TensorToWrite, writeAtomically, writeSafetensors } from "../io/mod.ts";
import type { Architecture } from "./architecture.ts";
import { type StoredTensor, storedTensors } from "./checkpoint_layout.ts";
import { type Config, ConfigReader } from "./config_reader.ts";
import { configOf, families, readArchitectureFrom } from "./families.ts";
import { joinFused } from "./fused_attention.ts";
import type { Model } from "./model.ts";
import { shardName, weightsName, writeIndex } from "./shards.ts";
import type { LayerWeights, OuterWeights, ParameterKind, StoredModule } from "./weights.ts";

/** Weights of more bytes are written in a file for each block and one for what surrounds them. */
const largestFile = 2 ** 30;

/** How {@linkcode saveModel} stores weights. */
type SavedDtype = "F16" | "F32";

/**
 * Writes config.json and model.safetensors in Hugging Face layout; of a large model a shard for each block,
 * one after the other, and model.safetensors.index.json at the end.
 *
 * @param folder Where to write; made if it does not exist.
 * @param dtype How the weights are stored; F16 rounds half to even.
 * @param options.largestFile Bytes of weights from which on there are shards; 1 GiB unless given.
 * @throws {InputError} If the family's config.json cannot express the architecture, or the folder
 *   cannot be written.
 */
export async function saveModel(
  model: Model,
  folder: string,
  dtype: SavedDtype,
  { largestFile: largest = largestFile }: { largestFile?: number } = {},
): Promise<void> {
  const { architecture, source } = model;
  const family = families[architecture.family];
  const path = `${folder}/config.json`;
  const config = configOf(architecture);
  checkConfig(config, architecture, path);
  const stored = storedTensors(family, architecture, family.names.prefixes[0]);
  const settings = { ...config, torch_dtype: dtype === "F16" ? "float16" : "float32" };
  await writeAtomically(path, `${JSON.stringify(settings, null, 2)}\n`);
  const layers = [null, ...Array.from({ length: architecture.layers }).keys()];
  const tensorsOf = async (layer: number | null) => {
    const weights = layer === null ? source.outer : await source.layer(layer);
    return stored.filter(({ modules }) => modules[0].layer === layer)
      .map((tensor) => tensorToWrite(tensor, weights, architecture, dtype));
  };
  const bytes = stored.reduce((sum, { shape }) => sum + bytesOf(shape, dtype), 0);
  if (bytes <= largest) {
    const tensors = (await Array.fromAsync(layers, tensorsOf)).flat();
    await writeSafetensors(`${folder}/${weightsName}`, tensors, { format: "pt" });
    return;
  }
  const shards: string[] = [];
  for (const [index, layer] of layers.entries()) {
    const shard = shardName(index, layers.length);
    await writeSafetensors(`${folder}/${shard}`, await tensorsOf(layer), { format: "pt" });
    shards.push(shard);
  }
  await writeIndex(folder, shards);
}

function bytesOf(shape: readonly number[], dtype: SavedDtype): number {
  return shape.reduce((product, each) => product * each, dtype === "F16" ? 2 : 4);
}

/** Reads the configuration back: what a family's rules fix must not get lost unnoticed. */
function checkConfig(config: Config, architecture: Architecture, path: string): void {
  const expressed = readArchitectureFrom(new ConfigReader(config, path));
  for (const key of Object.keys(architecture) as (keyof Architecture)[]) {
    require(
      canonicalJson(architecture[key]) === canonicalJson(expressed[key]),
      `write ${path}`,
      `${key} of family ${architecture.family} must be ${canonicalJson(expressed[key])}`,
      architecture[key],
    );
  }
}

/** One tensor of the checkpoint, its floats in their own type where that is asked for. */
function tensorToWrite(
  { name, kind, modules, shape }: StoredTensor,
  weights: LayerWeights | OuterWeights,
  { heads, headDim }: Architecture,
  dtype: SavedDtype,
): TensorToWrite {
  const own = modules.map((module) =>
    (weights as Readonly<Record<string, StoredModule>>)[module.name]
  );
  const [{ weight }] = own;
  if (own.length === 1 && kind === "weight" && weight instanceof FloatMatrix) {
    if (weight.dtype === dtype) return { name, shape, dtype, data: weight.data };
  }
  const parts = own.map((module) => valuesOf(module, kind));
  const values = parts.length === 1 ? parts[0] : joinFused(parts, heads, headDim, shape[1] ?? 1);
  return { name, shape, dtype, data: encodeFloats(values, dtype) };
}

function valuesOf({ weight, bias }: StoredModule, kind: ParameterKind): Float32Array {
  return kind === "weight" ? decodeMatrix(weight) : bias!;
}
