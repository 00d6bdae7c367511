import { refuse, require } from "../core/mod.ts";
import type { Dtype, TensorData } from "./dtypes.ts";
import { exists, hashFiles, readJson } from "./files.ts";
import { isObject } from "./json.ts";
import { conversionHint } from "./older_files.ts";
import { type TensorInfo, tensorOf } from "./safetensors_header.ts";
import { openSafetensors, type SafetensorsFile, type TensorReader } from "./safetensors_reader.ts";

const weightsName = "model.safetensors";
const indexName = `${weightsName}.index.json`;

/** What older checkpoints keep their weights in. */
const pickledNames = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/**
 * Opens the weights of a model folder in Hugging Face layout: model.safetensors or, where that is
 * absent, the shards that model.safetensors.index.json lists.
 *
 * @throws {InputError} If neither is there, the index is malformed or names a file outside the
 *   folder, or a shard is missing, not valid or lacks a tensor that the index places in it.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  if (await exists(`${folder}/${weightsName}`)) {
    const file = await openSafetensors(`${folder}/${weightsName}`);
    const names = [...file.tensors.keys()];
    return new Checkpoint(folder, [file], new Map(names.map((name) => [name, file])));
  }
  const indexPath = `${folder}/${indexName}`;
  if (!await exists(indexPath)) {
    const hint = await conversionHint(folder, pickledNames, "AutoModelForCausalLM");
    refuse(`open ${folder}`, `the folder must have ${weightsName} or ${indexName}${hint}`);
  }
  const places = await readIndex(indexPath);
  using opened = new DisposableStack();
  const shards = new Map<string, SafetensorsFile>();
  for (const shard of [...new Set(places.values())].sort()) {
    shards.set(shard, opened.use(await openSafetensors(`${folder}/${shard}`)));
  }
  const files = new Map<string, SafetensorsFile>();
  for (const [name, shard] of places) {
    const file = shards.get(shard)!;
    require(file.tensors.has(name), tensorOf(file.path, name), `${indexPath} places it there`);
    files.set(name, file);
  }
  opened.move();
  return new Checkpoint(folder, [...shards.values()], files);
}

/** The open weights of a model. Its methods throw an {@linkcode InputError} for an unknown name. */
export class Checkpoint implements TensorReader {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The names of all tensors. */
  readonly names: readonly string[];
  /** The names of tensors in the shards that the index does not list, which cannot be read. */
  readonly unlisted: readonly string[];
  /** The paths of the weight files, sorted. */
  readonly files: readonly string[];
  #opened: readonly SafetensorsFile[];
  #fileOf: ReadonlyMap<string, SafetensorsFile>;

  /** Made by {@linkcode openCheckpoint}. */
  constructor(
    readonly folder: string,
    opened: readonly SafetensorsFile[],
    fileOf: ReadonlyMap<string, SafetensorsFile>,
  ) {
    this.#opened = opened;
    this.#fileOf = fileOf;
    this.files = opened.map((file) => file.path);
    this.names = [...fileOf.keys()];
    this.unlisted = opened.flatMap((file) => [...file.tensors.keys()])
      .filter((name) => !fileOf.has(name));
    this.tensors = new Map([...fileOf].map(([name, file]) => [name, file.tensors.get(name)!]));
  }

  async readRaw(name: string): Promise<Uint8Array> {
    return await this.#file(name).readRaw(name);
  }

  async read(name: string): Promise<{ dtype: Dtype; shape: number[]; data: TensorData }> {
    return await this.#file(name).read(name);
  }

  async readFloat32(name: string): Promise<{ shape: number[]; data: Float32Array }> {
    return await this.#file(name).readFloat32(name);
  }

  /**
   * The SHA-256 digest of the weight files joined in the order of `files`, in hexadecimal.
   *
   * @param signal Stops the work by throwing its reason.
   */
  sha256(signal?: AbortSignal): Promise<string> {
    return hashFiles(this.files, signal);
  }

  close(): void {
    for (const file of this.#opened) file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #file(name: string): SafetensorsFile {
    return this.#fileOf.get(name) ?? refuse(tensorOf(this.folder, name), "the model must have it");
  }
}

/** The shard of each tensor, by the index's `weight_map`. */
async function readIndex(path: string): Promise<Map<string, string>> {
  const index = await readJson(path);
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

/** Whether this is the bare name of a file, so that it cannot lead out of its folder. */
function isFileName(value: unknown): value is string {
  return typeof value === "string" && /^[^/\\\0]+$/.test(value) && value !== "." && value !== "..";
}
