import { require } from "../core/mod.ts";
import {
  AffineMatrix,
  affineMatrix,
  decodeMatrix,
  encodeFloats,
  FloatMatrix,
} from "../format/mod.ts";
import {
  type Checkpoint,
  exists,
  gptqTensors,
  openSafetensors,
  packedCheckpoint,
  type PackedSettings,
  readPackedSettings,
  ShardedCheckpoint,
  type TensorToWrite,
  writeAtomically,
  writeSafetensors,
} from "../io/mod.ts";
import { type StoredTensor, storedTensors } from "./checkpoint_layout.ts";
import type { Config } from "./config_reader.ts";
import { families } from "./families.ts";
import { fusedRows, joinFused } from "./fused_attention.ts";
import { readModules } from "./load.ts";
import { readConfig } from "./model_files.ts";
import type { PublishedModel } from "./published.ts";
import { shardName, writeIndex } from "./shards.ts";
import type { LayerWeights, StoredModule } from "./weights.ts";

/** A tensor of the folder, and what it is called in the checkpoint that the model comes from. */
interface BlockTensor extends StoredTensor {
  origin: string;
}

/**
 * The checkpoint of a model whose blocks a method rewrites, written block by block: a file for each, and one
 * for what surrounds them, which stays as it is stored, as do biases and norms. The rest of the folder comes
 * at the end.
 */
export class BlockFiles {
  readonly #tensors: BlockTensor[];
  readonly #settings?: PackedSettings;

  /**
   * @param model The model as it was.
   * @param folder Where to write.
   * @param quantization GPTQ's `quantization_config`: linear maps are written as codes; without they are
   *   dequantized and rounded to F16.
   */
  constructor(
    private readonly model: PublishedModel,
    private readonly folder: string,
    private readonly quantization?: Config,
  ) {
    const { architecture, stored } = model;
    const family = families[architecture.family];
    this.#tensors = storedTensors(family, architecture, family.names.prefixes[0])
      .map((tensor, index) => ({ ...tensor, origin: stored[index].name }));
    this.#settings = quantization && readPackedSettings(quantization, `${folder}/config.json`);
  }

  /** Whether blocks come back with the very values that they went with: those of codes do. */
  get isExact(): boolean {
    return this.#settings !== undefined;
  }

  /** A block as its file holds it; undefined where it is still to be written. */
  async get(layer: number): Promise<LayerWeights | undefined> {
    const path = this.#path(layer);
    if (!await exists(path)) return undefined;
    const { folder, model: { architecture } } = this;
    const file = await openSafetensors(path);
    const names = [...file.tensors.keys()];
    const shards = new ShardedCheckpoint(
      folder,
      [file],
      new Map(names.map((name) => [name, file])),
    );
    const checkpoint = this.#settings ? packedCheckpoint(shards, this.#settings) : shards;
    return await readModules({ architecture, checkpoint, stored: this.#tensors }, layer);
  }

  /**
   * Writes a block.
   *
   * @returns The block as its file holds it.
   * @throws {InputError} If the format cannot hold it.
   */
  async put(layer: number, weights: LayerWeights): Promise<LayerWeights> {
    const own = this.#tensors.filter(({ modules }) => modules[0].layer === layer);
    await this.#write(layer, own.flatMap((tensor) => this.#encoded(tensor, weights)));
    return (await this.get(layer))!;
  }

  /** Writes what surrounds the blocks, the index and config.json. */
  async finish(): Promise<void> {
    const { folder, quantization, model: { checkpoint, architecture } } = this;
    const outer: TensorToWrite[] = [];
    for (const { name, shape, origin } of this.#tensors.filter((each) => isOuter(each))) {
      const matrix = await checkpoint.readMatrix(origin);
      const { dtype, data } = matrix instanceof FloatMatrix
        ? matrix
        : { dtype: "F32" as const, data: decodeMatrix(matrix) };
      outer.push({ name, shape, dtype, data });
    }
    await this.#write(null, outer);
    const shards = [null, ...Array.from({ length: architecture.layers }).keys()];
    await writeIndex(folder, shards.map((layer) => this.#shard(layer)));
    const { quantization_config: _, ...config } = (await readConfig(checkpoint.path)).config;
    const written = {
      ...config,
      tie_word_embeddings: architecture.tiedHead,
      ...quantization
        ? { quantization_config: quantization }
        : { ["dtype" in config ? "dtype" : "torch_dtype"]: "float16" },
    };
    const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
    if (quantization) await writeAtomically(`${folder}/quantize_config.json`, text(quantization));
    await writeAtomically(`${folder}/config.json`, text(written));
  }

  #shard(layer: number | null): string {
    return shardName(layer === null ? 0 : layer + 1, this.model.architecture.layers + 1);
  }

  #path(layer: number | null): string {
    return `${this.folder}/${this.#shard(layer)}`;
  }

  async #write(layer: number | null, tensors: TensorToWrite[]): Promise<void> {
    await writeSafetensors(this.#path(layer), tensors, { format: "pt" });
  }

  #encoded(tensor: BlockTensor, weights: LayerWeights): TensorToWrite[] {
    const { name, shape, kind, modules, origin } = tensor;
    const { architecture: { heads, headDim }, checkpoint } = this.model;
    const own = modules.map((module) =>
      (weights as Readonly<Record<string, StoredModule>>)[module.name]
    );
    const matrices = own.map(({ weight }) => weight);
    const joined = (parts: Float32Array[]) =>
      parts.length === 1 ? parts[0] : joinFused(parts, heads, headDim, shape[1] ?? 1);
    if (kind === "bias") {
      const values = joined(own.map(({ bias }) => bias!));
      return [{ name, shape, ...smallestExact(values, checkpoint, origin) }];
    }
    if (matrices.length === 1 && matrices[0] instanceof FloatMatrix) {
      const { dtype, data } = matrices[0];
      return [{ name, shape, dtype, data }];
    }
    if (this.#settings && !matrices.every((matrix) => matrix instanceof FloatMatrix)) {
      const prefix = name.slice(0, -"weight".length);
      const codes = matrices.map((matrix) => {
        const rule =
          "a checkpoint of GPTQ holds integer codes alone (--format safetensors holds all)";
        require(matrix instanceof AffineMatrix, `write ${name}`, rule);
        return matrix;
      });
      return gptqTensors(prefix, joinedCodes(codes, heads, headDim), this.#settings);
    }
    const data = encodeFloats(joined(matrices.map(decodeMatrix)), "F16");
    return [{ name, shape, dtype: "F16", data }];
  }
}

function isOuter({ modules }: StoredTensor): boolean {
  return modules[0].layer === null;
}

/** Floats in the type that a tensor had, if that holds them exactly; else in F32. */
function smallestExact(
  values: Float32Array,
  { tensors }: Checkpoint,
  origin: string,
): Pick<TensorToWrite, "dtype" | "data"> {
  const dtype = tensors.get(origin)!.dtype;
  if (dtype === "F16" || dtype === "BF16") {
    const data = encodeFloats(values, dtype);
    const back = decodeMatrix(new FloatMatrix(dtype, data, 1, values.length));
    if (back.every((value, index) => value === values[index])) return { dtype, data };
  }
  return { dtype: "F32", data: values };
}

/** Query, key and value as the one matrix that BLOOM has of them. */
function joinedCodes(parts: AffineMatrix[], heads: number, headDim: number): AffineMatrix {
  const [{ rows, columns, bits, groupIndex }] = parts;
  if (parts.length === 1) return parts[0];
  const alike = parts.every((part) =>
    part.bits === bits && `${part.groupIndex}` === `${groupIndex}`
  );
  require(alike, "join query, key and value", "their groups must be the same");
  const stacked = affineMatrix({
    ...{ rows: parts.length * rows, columns, bits, groupIndex },
    codes: concatenated(parts.map((part) => part.readCodes()), Uint8Array),
    scale: concatenated(parts.map((part) => part.scales()), Float32Array),
    zeroPoint: concatenated(parts.map((part) => Float32Array.from(part.zeroPoints())), Uint8Array),
  });
  const order = new Int32Array(stacked.rows);
  parts.forEach((_, part) =>
    fusedRows(part, heads, headDim).forEach((place, row) => order[place] = part * rows + row)
  );
  return stacked.takeRows(order);
}

function concatenated<Values extends Uint8Array | Float32Array>(
  parts: (Uint8Array | Float32Array)[],
  Kind: new (length: number) => Values,
): Values {
  const whole = new Kind(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
