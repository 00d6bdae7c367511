import { canonicalJson, require } from "../core/mod.ts";
import { decodeMatrix } from "../format/mod.ts";
import { writeAtomically, writeSafetensors } from "../io/mod.ts";
import type { Architecture } from "./architecture.ts";
import { type StoredTensor, storedTensors } from "./checkpoint_layout.ts";
import { type Config, ConfigReader } from "./config_reader.ts";
import { families } from "./families.ts";
import { joinFused } from "./fused_attention.ts";
import type { Model } from "./model.ts";
import { readWeights } from "./source.ts";
import { moduleAt, type ParameterKind, type StoredModule, type Weights } from "./weights.ts";

/**
 * Writes config.json and model.safetensors in Hugging Face layout.
 *
 * @param folder Where to write; made if it does not exist.
 * @param dtype How the weights are stored; F16 rounds half to even.
 * @throws {InputError} If the family's config.json cannot express the architecture, or the folder
 *   cannot be written.
 */
export async function saveModel(
  model: Model,
  folder: string,
  dtype: "F16" | "F32",
): Promise<void> {
  const { architecture } = model;
  const family = families[architecture.family];
  const path = `${folder}/config.json`;
  const config = family.config(architecture);
  checkConfig(config, architecture, path);
  const weights = await readWeights(model.source, architecture.layers);
  const tensors = storedTensors(family, architecture, family.names.prefixes[0]).map((stored) => ({
    name: stored.name,
    shape: stored.shape,
    dtype,
    data: storedValues(stored, architecture, weights),
  }));
  const settings = { ...config, torch_dtype: dtype === "F16" ? "float16" : "float32" };
  await writeAtomically(path, `${JSON.stringify(settings, null, 2)}\n`);
  await writeSafetensors(`${folder}/model.safetensors`, tensors, { format: "pt" });
}

/** Reads the configuration back: what a family's rules fix must not get lost unnoticed. */
function checkConfig(config: Config, architecture: Architecture, path: string): void {
  const expressed = families[architecture.family].architecture(new ConfigReader(config, path));
  for (const key of Object.keys(architecture) as (keyof Architecture)[]) {
    require(
      canonicalJson(architecture[key]) === canonicalJson(expressed[key]),
      `write ${path}`,
      `${key} of family ${architecture.family} must be ${canonicalJson(expressed[key])}`,
      architecture[key],
    );
  }
}

/** The values of one tensor of the checkpoint. */
function storedValues(
  { kind, modules, shape }: StoredTensor,
  { heads, headDim }: Architecture,
  weights: Weights,
): Float32Array {
  const parts = modules.map((module) => valuesOf(moduleAt(weights, module), kind));
  return parts.length === 1 ? parts[0] : joinFused(parts, heads, headDim, shape[1] ?? 1);
}

function valuesOf({ weight, bias }: StoredModule, kind: ParameterKind): Float32Array {
  return kind === "weight" ? decodeMatrix(weight) : bias!;
}
