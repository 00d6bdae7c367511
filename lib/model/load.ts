import { require } from "../core/mod.ts";
import { type Checkpoint, openCheckpoint, requireModelFolder } from "../io/mod.ts";
import { tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { StoredTensor } from "./checkpoint_layout.ts";
import { ConfigReader } from "./config_reader.ts";
import { familyOf } from "./families.ts";
import { splitFused } from "./fused_attention.ts";
import { matchCheckpoint } from "./match_checkpoint.ts";
import { requireMemory } from "./memory.ts";
import type { Model } from "./model.ts";
import { buildWeights, type ModuleShape, type ParameterKind, parameterShape } from "./weights.ts";

/**
 * Loads a model from a folder in Hugging Face layout: config.json and model.safetensors,
 * or shards with model.safetensors.index.json. Weights become float32. Every name and shape is
 * checked before the weights are read.
 *
 * @param path The folder.
 * @param signal Stops between two tensors by throwing its reason.
 * @returns The model; its `warnings` say what of the checkpoint it does not use.
 * @throws {InputError} If the configuration is refused as by {@linkcode readArchitecture}, or a tensor is
 *   missing, has another shape than the configuration says or is not finite. The message names it.
 */
export async function loadModel(path: string, signal?: AbortSignal): Promise<Model> {
  const { name, architecture: configured } = await readArchitecture(path);
  using checkpoint = await openCheckpoint(path);
  const { architecture, stored, warnings } = await matchCheckpoint(checkpoint, configured);
  const values = await readParameters(checkpoint, stored, architecture, signal);
  const weights = await buildWeights(architecture, (shape) => {
    const parameter = (kind: ParameterKind) =>
      tf.tensor(values.get(parameterKey(shape, kind))!, parameterShape(shape, kind));
    const weight = parameter("weight");
    return shape.bias ? { weight, bias: parameter("bias") as tf.Tensor1D } : { weight };
  });
  return { name, architecture, weights, warnings };
}

/**
 * What config.json of a model folder says, for what has to be known before the weights are loaded.
 *
 * @throws {InputError} If there is no such folder, or it is not one of a model, or if the configuration
 *   asks for something that is not computed here, or for more parameters than the memory of the backend in use holds.
 */
export async function readArchitecture(
  path: string,
): Promise<Pick<Model, "name" | "architecture">> {
  await requireModelFolder(path);
  const config = await ConfigReader.open(`${path}/config.json`);
  const family = familyOf(config);
  refuseQuantized(config);
  const architecture = family.architecture(config);
  requireMemory(architecture, `load ${path}`);
  return { name: path.replace(/\/+$/, "").split("/").pop()!, architecture };
}

function refuseQuantized(config: ConfigReader): void {
  const settings = config.value(["quantization_config", "compression_config"]);
  const rule = "it must not have quantization_config: quantized checkpoints are not read yet";
  require(settings === undefined, `load ${config.path}`, rule, settings);
}

/** The values of all parameters by {@linkcode parameterKey}. */
async function readParameters(
  checkpoint: Checkpoint,
  stored: StoredTensor[],
  { heads, headDim }: Architecture,
  signal?: AbortSignal,
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name, shape, kind, modules } of stored) {
    signal?.throwIfAborted();
    const { data } = await checkpoint.readFloat32(name);
    checkFinite(data, shape, `load ${checkpoint.folder}`, name);
    const parts = modules.length === 1 ? [data] : splitFused(data, heads, headDim, shape[1] ?? 1);
    modules.forEach((module, index) => values.set(parameterKey(module, kind), parts[index]));
  }
  return values;
}

/** Refuses a tensor with NaN or infinity, or a float64 beyond float32, and says where. */
function checkFinite(data: Float32Array, shape: number[], action: string, name: string): void {
  let index = 0;
  while (index < data.length && Number.isFinite(data[index])) index++;
  const columns = shape[1] ?? 1;
  const place = shape.length === 1 ? [index] : [Math.floor(index / columns), index % columns];
  const rule = `element [${place}] of tensor ${name} must be a finite float32`;
  require(index === data.length, action, rule, data[index]);
}

function parameterKey({ layer, name }: ModuleShape, kind: ParameterKind): string {
  return `${layer} ${name} ${kind}`;
}
