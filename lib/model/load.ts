import { refuse, require } from "../core/mod.ts";
import { type Checkpoint, openCheckpoint } from "../io/mod.ts";
import { tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { type StoredTensor, storedTensors } from "./checkpoint_layout.ts";
import { ConfigReader } from "./config_reader.ts";
import { families, familyOf } from "./families.ts";
import type { Family } from "./family.ts";
import { splitFused } from "./fused_attention.ts";
import type { Model } from "./model.ts";
import { buildWeights, type ModuleShape, type ParameterKind, parameterShape } from "./weights.ts";

/**
 * Loads a model from a folder in Hugging Face layout: config.json and model.safetensors,
 * or shards with model.safetensors.index.json. Weights become float32. Every name and shape is
 * checked before the first weight is read.
 *
 * @param path The folder.
 * @throws {InputError} If the configuration asks for something that is not computed here, or a
 *   tensor is missing or has another shape than the configuration says. The message names it.
 */
export async function loadModel(path: string): Promise<Model> {
  const { name, architecture } = await readArchitecture(path);
  const family = families[architecture.family];
  using checkpoint = await openCheckpoint(path);
  const stored = storedTensors(family, architecture, findPrefix(checkpoint, family));
  for (const tensor of stored) checkShape(checkpoint, tensor);
  const values = await readParameters(checkpoint, stored, architecture);
  const weights = await buildWeights(architecture, (shape) => {
    const parameter = (kind: ParameterKind) =>
      tf.tensor(values.get(parameterKey(shape, kind))!, parameterShape(shape, kind));
    const weight = parameter("weight");
    return shape.bias ? { weight, bias: parameter("bias") as tf.Tensor1D } : { weight };
  });
  return { name, architecture, weights };
}

/**
 * What config.json of a model folder says, for what has to be known before the weights are loaded.
 *
 * @throws {InputError} If the configuration asks for something that is not computed here.
 */
export async function readArchitecture(
  path: string,
): Promise<Pick<Model, "name" | "architecture">> {
  const config = await ConfigReader.open(`${path}/config.json`);
  const architecture = familyOf(config).architecture(config);
  return { name: path.replace(/\/+$/, "").split("/").pop()!, architecture };
}

/** What this checkpoint puts in front of its names. */
function findPrefix({ folder, tensors }: Checkpoint, { names }: Family): string {
  const embedding = `${names.outer.embedding}.weight`;
  return names.prefixes.find((prefix) => tensors.has(prefix + embedding)) ??
    refuse(`load ${folder}`, `it must have a tensor ${names.prefixes[0]}${embedding}`);
}

function checkShape({ folder, tensors }: Checkpoint, { name, shape }: StoredTensor): void {
  const found = tensors.get(name)?.shape;
  require(
    found?.join() === shape.join(),
    `load ${folder}`,
    `tensor ${name} must have shape [${shape}]`,
    found ?? "no such tensor",
  );
}

/** The values of all parameters by {@linkcode parameterKey}. */
async function readParameters(
  checkpoint: Checkpoint,
  stored: StoredTensor[],
  { heads, headDim }: Architecture,
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const { name, shape, kind, modules } of stored) {
    const { data } = await checkpoint.readFloat32(name);
    const parts = modules.length === 1 ? [data] : splitFused(data, heads, headDim, shape[1] ?? 1);
    modules.forEach((module, index) => values.set(parameterKey(module, kind), parts[index]));
  }
  return values;
}

function parameterKey({ layer, name }: ModuleShape, kind: ParameterKind): string {
  return `${layer} ${name} ${kind}`;
}
