import { writeAtomically, writeSafetensors } from "../io/mod.ts";
import { tensorData } from "../tensor/mod.ts";
import { checkpointName, isFused } from "./checkpoint_names.ts";
import { families } from "./families.ts";
import { joinFused } from "./fused_attention.ts";
import type { Model } from "./model.ts";
import { moduleOf, moduleShapes } from "./weights.ts";

/** One tensor of a checkpoint. */
interface NamedTensor {
  name: string;
  dtype: "F16" | "F32";
  shape: number[];
  data: Float32Array;
}

/**
 * Writes config.json and model.safetensors in Hugging Face layout.
 *
 * @param folder An existing folder.
 * @param dtype How the weights are stored.
 * @param extra Further fields of config.json.
 */
export async function saveModel(
  model: Model,
  folder: string,
  dtype: "F16" | "F32",
  extra: Record<string, unknown> = {},
): Promise<void> {
  const family = families[model.architecture.family];
  const config = {
    ...family.config(model.architecture),
    torch_dtype: dtype === "F16" ? "float16" : "float32",
    ...extra,
  };
  await writeAtomically(`${folder}/config.json`, `${JSON.stringify(config, null, 2)}\n`);
  await writeSafetensors(`${folder}/model.safetensors`, checkpointTensors(model, dtype), {
    format: "pt",
  });
}

function checkpointTensors(model: Model, dtype: "F16" | "F32"): NamedTensor[] {
  const { architecture, weights } = model;
  const family = families[architecture.family];
  const tensors: NamedTensor[] = [];
  const fused: Record<string, Float32Array[]> = {};
  for (const shape of moduleShapes(architecture)) {
    const name = checkpointName(family, family.names.prefixes[0], shape);
    for (const [kind, tensor] of Object.entries(moduleOf(weights, shape))) {
      const entry = {
        name: `${name}.${kind}`,
        dtype,
        shape: tensor.shape,
        data: tensorData(tensor),
      };
      if (!isFused(family, shape)) {
        tensors.push(entry);
        continue;
      }
      const parts = fused[entry.name] ??= [];
      parts.push(entry.data);
      if (parts.length < 3) continue;
      const [rows, ...rest] = tensor.shape;
      const { heads, headDim } = architecture;
      const data = joinFused(parts, heads, headDim, rest[0] ?? 1);
      tensors.push({ ...entry, shape: [3 * rows, ...rest], data });
    }
  }
  return tensors;
}
