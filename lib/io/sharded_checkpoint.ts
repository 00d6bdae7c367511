import { refuse, require } from "../core/mod.ts";
import type { FloatMatrix, StoredMatrix } from "../format/mod.ts";
import type { Checkpoint, CheckpointTensor } from "./checkpoint.ts";
import { DiskMatrix } from "./disk_matrix.ts";
import { dataArrays, isFloat } from "./dtypes.ts";
import { exists, readText } from "./files.ts";
import { isObject, parseJson } from "./json.ts";
import { floatTensor } from "./float_tensor.ts";
import { tensorOf } from "./safetensors_header.ts";
import { openSafetensors } from "./safetensors_reader.ts";
import { openTorchFile } from "./torch_file.ts";
import type { TensorValues, WeightFile } from "./weight_file.ts";

/** The ways in which a folder keeps weights, best first; shards are listed in `NAME.index.json`. */
const layouts: { name: string; open(path: string): Promise<WeightFile> }[] = [
  { name: "model.safetensors", open: openSafetensors },
  { name: "pytorch_model.bin", open: openTorchFile },
];

/**
 * Opens the weights of a model folder in Hugging Face layout: model.safetensors or, where that is
 * absent, the shards that model.safetensors.index.json lists, or else the same of pytorch_model.bin.
 *
 * @throws {InputError} If neither is there, the index is malformed or names a file outside the
 *   folder, or a shard is missing, not valid or lacks a tensor that the index places in it.
 */
export async function openShards(folder: string): Promise<ShardedCheckpoint> {
  for (const { name, open } of layouts) {
    if (await exists(`${folder}/${name}`)) {
      const file = await open(`${folder}/${name}`);
      const names = [...file.tensors.keys()];
      return new ShardedCheckpoint(folder, [file], new Map(names.map((name) => [name, file])));
    }
    const index = `${folder}/${name}.index.json`;
    if (await exists(index)) return await openIndexed(folder, index, open);
  }
  const names = layouts.flatMap(({ name }) => [name, `${name}.index.json`]).join(" or ");
  refuse(`open ${folder}`, `the folder must have ${names}`);
}

/** The files that {@linkcode openShards} looks for in a folder, as far as they are there: it opens the first. */
export async function weightFiles(folder: string): Promise<string[]> {
  const names = layouts.flatMap(({ name }) => [name, `${name}.index.json`]);
  const areThere = await Promise.all(names.map((name) => exists(`${folder}/${name}`)));
  return names.filter((_, index) => areThere[index]);
}

/** The weights of a model folder in one or several files. */
export class ShardedCheckpoint implements Checkpoint {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly files: readonly string[];
  readonly unlisted: readonly string[];
  #fileOf: ReadonlyMap<string, WeightFile>;

  /** Of {@linkcode openShards}. */
  constructor(
    readonly path: string,
    shards: readonly WeightFile[],
    fileOf: ReadonlyMap<string, WeightFile>,
  ) {
    this.files = shards.map((file) => file.path);
    this.unlisted = shards.flatMap((file) => [...file.tensors.keys()])
      .filter((name) => !fileOf.has(name));
    this.tensors = new Map(
      [...fileOf].map(([name, file]) => {
        const { dtype, shape, byteLength } = file.tensors.get(name)!;
        return [name, { dtype, shape, byteLength, readable: isFloat(dtype) }];
      }),
    );
    this.#fileOf = fileOf;
  }

  async readMatrix(name: string): Promise<FloatMatrix> {
    return floatTensor(await this.read(name), tensorOf(this.path, name));
  }

  onDisk(name: string): StoredMatrix | undefined {
    const file = this.#file(name);
    const { dtype, shape, byteLength } = file.tensors.get(name)!;
    const place = file.locate(name);
    if (!place || !isFloat(dtype) || shape.length !== 2) return undefined;
    const [rows, columns] = shape;
    const action = tensorOf(this.path, name);
    const matrixOf = ({ buffer }: Uint8Array, count: number) =>
      floatTensor({ dtype, shape: [count, columns], data: new dataArrays[dtype](buffer) }, action);
    return new DiskMatrix(rows, columns, byteLength, dtype, place, action, matrixOf);
  }

  /**
   * The path of the file that has a tensor.
   *
   * @throws {InputError} If there is no such tensor.
   */
  fileOf(name: string): string {
    return this.#file(name).path;
  }

  /** A tensor in its stored precision, whatever it holds. */
  async read(name: string): Promise<TensorValues> {
    return await this.#file(name).read(name);
  }

  #file(name: string): WeightFile {
    return this.#fileOf.get(name) ?? refuse(tensorOf(this.path, name), "the model must have it");
  }
}

async function openIndexed(
  folder: string,
  index: string,
  open: (path: string) => Promise<WeightFile>,
): Promise<ShardedCheckpoint> {
  const places = await readIndex(index);
  const shards = new Map<string, WeightFile>();
  for (const shard of shardsOf(places)) {
    shards.set(shard, await open(`${folder}/${shard}`));
  }
  const files = new Map<string, WeightFile>();
  for (const [name, shard] of places) {
    const file = shards.get(shard)!;
    require(file.tensors.has(name), tensorOf(file.path, name), `${index} places it there`);
    files.set(name, file);
  }
  return new ShardedCheckpoint(folder, [...shards.values()], files);
}

/** As {@linkcode parseIndex}, of a file. */
export async function readIndex(path: string): Promise<Map<string, string>> {
  return parseIndex(await readText(path), path);
}

/**
 * The shard of each tensor, by the index's `weight_map`.
 *
 * @param path Of the index, for messages.
 * @throws {InputError} If it is no such index, or names a file outside its folder.
 */
export function parseIndex(text: string, path: string): Map<string, string> {
  const index = parseJson(text, path);
  const map = isObject(index) ? index.weight_map : undefined;
  require(isObject(map), `read ${path}`, "it must have an object weight_map", map);
  const places = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    const rule = `weight_map must name a file in the same folder for ${name}`;
    require(isFileName(shard), `read ${path}`, rule, shard);
    places.set(name, shard);
  }
  require(places.size > 0, `read ${path}`, "weight_map must not be empty");
  return places;
}

/** Each shard that an index names once, sorted. */
export function shardsOf(index: ReadonlyMap<string, string>): string[] {
  return [...new Set(index.values())].sort();
}

/** Whether this is the bare name of a file, so that it cannot lead out of its folder. */
function isFileName(value: unknown): value is string {
  return typeof value === "string" && /^[^/\\\0]+$/.test(value) && value !== "." && value !== "..";
}
