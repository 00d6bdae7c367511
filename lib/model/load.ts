import { refuse, require } from "../core/mod.ts";
import { type Checkpoint, openCheckpoint, readJson } from "../io/mod.ts";
import { tf } from "../tensor/mod.ts";
import { checkpointName, fusedParts, isFused } from "./checkpoint_names.ts";
import { type Config, ConfigReader, type Family } from "./family.ts";
import { familyOf } from "./families.ts";
import { splitFused } from "./fused_attention.ts";
import type { Model } from "./model.ts";
import { buildWeights, type Module, type ModuleShape } from "./weights.ts";

/**
 * Loads a model from a folder in Hugging Face layout: config.json and model.safetensors,
 * or shards with model.safetensors.index.json. Weights become float32, one tensor at a time.
 *
 * @param path The folder.
 * @throws {InputError} If the configuration asks for something that is not computed here, or a
 *   tensor is missing or has another shape than the configuration says. The message names it.
 */
export async function loadModel(path: string): Promise<Model> {
  const configPath = `${path}/config.json`;
  const config = new ConfigReader(await readJson(configPath) as Config, configPath);
  const family = familyOf(config);
  const architecture = family.architecture(config);
  const checkpoint = await openCheckpoint(path);
  try {
    const names = new Set(checkpoint.names);
    const prefix = family.names.prefixes.find((each) =>
      names.has(`${each}${family.names.outer.embedding}.weight`)
    );
    if (prefix === undefined) {
      refuse(`load ${path}`, `the checkpoint must have ${family.names.outer.embedding}.weight`);
    }
    const reader = new ModuleReader(family, architecture, checkpoint, prefix, path);
    const weights = await buildWeights(architecture, (shape) => reader.read(shape));
    return { name: path.replace(/\/+$/, "").split("/").pop()!, architecture, weights };
  } finally {
    checkpoint.close();
  }
}

/** Reads modules from a checkpoint; keeps the parts of the last fused tensor until asked for. */
class ModuleReader {
  #fused = new Map<string, Float32Array[]>();

  constructor(
    private family: Family,
    private architecture: Model["architecture"],
    private checkpoint: Checkpoint,
    private prefix: string,
    private path: string,
  ) {}

  async read(shape: ModuleShape): Promise<Module> {
    const weight = tf.tensor(await this.values(shape, "weight", shape.weight), shape.weight);
    if (!shape.bias) return { weight };
    const bias = tf.tensor1d(await this.values(shape, "bias", [shape.weight[0]]));
    return { weight, bias };
  }

  private async values(
    shape: ModuleShape,
    kind: "weight" | "bias",
    dimensions: number[],
  ): Promise<Float32Array> {
    const name = `${checkpointName(this.family, this.prefix, shape)}.${kind}`;
    if (!isFused(this.family, shape)) return await this.tensor(name, dimensions);
    const [rows, ...rest] = dimensions;
    const part = fusedParts.indexOf(shape.name);
    if (part === 0) {
      const { heads, headDim } = this.architecture;
      const fused = await this.tensor(name, [3 * rows, ...rest]);
      this.#fused.set(kind, splitFused(fused, heads, headDim, rest[0] ?? 1));
    }
    return this.#fused.get(kind)![part];
  }

  private async tensor(name: string, dimensions: number[]): Promise<Float32Array> {
    const { shape, data } = await this.checkpoint.readFloat32(name);
    require(
      shape.join() === dimensions.join(),
      `load ${this.path}`,
      `tensor ${name} must have shape [${dimensions}]`,
      shape,
    );
    return data;
  }
}
