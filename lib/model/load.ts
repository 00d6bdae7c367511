import { refuse, require } from "../core/mod.ts";
import {
  decodeMatrix,
  firstNonFinite,
  type FloatMatrix,
  floatMatrix,
  type StoredMatrix,
} from "../format/mod.ts";
import { type Checkpoint, openCheckpoint, requireModelFolder } from "../io/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { StoredTensor } from "./checkpoint_layout.ts";
import { ConfigReader } from "./config_reader.ts";
import { familyOf } from "./families.ts";
import { fusedRows } from "./fused_attention.ts";
import { matchCheckpoint } from "./match_checkpoint.ts";
import { requireMemory } from "./memory.ts";
import type { DescribedModel, Model } from "./model.ts";
import { residentSource } from "./source.ts";
import { buildWeights, matrixShape, type ModuleShape, type ParameterKind } from "./weights.ts";

/**
 * Loads a model from a folder in Hugging Face layout: config.json and model.safetensors,
 * or shards with model.safetensors.index.json. Weights stay as they are stored (float64 becomes float32).
 * Every name and shape is checked before the weights are read.
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
  const { architecture, stored: tensors, warnings } = await matchCheckpoint(checkpoint, configured);
  const stored = await readParameters(checkpoint, tensors, architecture, signal);
  const weights = await buildWeights(architecture, (shape) => {
    const parameter = (kind: ParameterKind) => stored.get(parameterKey(shape, kind))!;
    const weight = parameter("weight");
    return shape.bias ? { weight, bias: decodeMatrix(parameter("bias")) } : { weight };
  });
  return { name, architecture, source: residentSource(weights), warnings };
}

/**
 * What config.json of a model folder says, for what has to be known before the weights are loaded.
 *
 * @throws {InputError} If there is no such folder, or it is not one of a model, or if the configuration
 *   asks for something that is not computed here, or for a block that with the head does not fit the memory of
 *   the backend in use.
 */
export async function readArchitecture(path: string): Promise<DescribedModel> {
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

/** All parameters, as they are stored, by {@linkcode parameterKey}; vectors are matrices of one row. */
async function readParameters(
  checkpoint: Checkpoint,
  tensors: StoredTensor[],
  { heads, headDim }: Architecture,
  signal?: AbortSignal,
): Promise<Map<string, StoredMatrix>> {
  const parameters = new Map<string, StoredMatrix>();
  for (const { name, shape, kind, modules } of tensors) {
    signal?.throwIfAborted();
    const matrix = await readMatrix(checkpoint, name, modules.length > 1 ? [...shape, 1] : shape);
    requireFinite(matrix, shape, `load ${checkpoint.folder}`, name);
    modules.forEach((module, part) => {
      const own = modules.length === 1 ? matrix : matrix.takeRows(fusedRows(part, heads, headDim));
      parameters.set(parameterKey(module, kind), own);
    });
  }
  return parameters;
}

/** A tensor of floats in its own type; float64 is rounded to float32. */
async function readMatrix(
  checkpoint: Checkpoint,
  name: string,
  shape: number[],
): Promise<FloatMatrix> {
  const [rows, columns] = matrixShape(shape);
  const { dtype, data } = await checkpoint.read(name);
  if (data instanceof Float64Array) {
    return floatMatrix("F32", Float32Array.from(data), rows, columns);
  }
  return floatMatrix(dtype as FloatMatrix["dtype"], data as FloatMatrix["data"], rows, columns);
}

/** Refuses a tensor with NaN or infinity, or a float64 beyond float32, and says where. */
function requireFinite(matrix: StoredMatrix, shape: number[], action: string, name: string): void {
  const found = firstNonFinite(matrix);
  if (!found) return;
  const { row, column, value } = found;
  const place = shape.length === 1 ? [Math.max(row, column)] : [row, column];
  refuse(action, `element [${place}] of tensor ${name} must be a finite float32`, value);
}

function parameterKey({ layer, name }: ModuleShape, kind: ParameterKind): string {
  return `${layer} ${name} ${kind}`;
}
