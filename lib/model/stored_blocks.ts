import { decodeJson, encodeJson, InputError, sha256 } from "../core/mod.ts";
import { arrayOf, fromParts, type NumberArray, partsOf } from "../format/mod.ts";
import {
  entriesOf,
  exists,
  openSafetensors,
  removeFile,
  removeLeftovers,
  writeSafetensors,
} from "../io/mod.ts";
import type { LayerWeights } from "./weights.ts";

/**
 * Blocks that a method has rewritten, in memory and in a folder, a file each, so that whoever quantizes the
 * same weights next takes them from there, and whoever was killed goes on at the block it was at. Several
 * processes may share the folder: a file appears once it is whole, and all write the same.
 *
 * A block of a form that is no plain data stays in memory alone, and so does one that the folder does not take, on a
 * full disk perhaps. A file that is damaged counts as none.
 */
export class StoredBlocks {
  /** Blocks come back with the very values that they went with. */
  readonly isExact = true;
  readonly isInMemory = true;
  readonly #known = new Map<number, LayerWeights>();
  #isTidy = false;

  /**
   * @param folder Of these blocks alone; made with the first of them.
   * @param onUnkept Is told why the folder did not take a block.
   */
  constructor(
    private readonly folder: string,
    private readonly onUnkept: (reason: string) => void = () => {},
  ) {}

  /** A block that is finished; undefined where it is still to be made. */
  async get(layer: number): Promise<LayerWeights | undefined> {
    const known = this.#known.get(layer) ?? await this.#read(layer);
    if (known) this.#known.set(layer, known);
    return known;
  }

  /** Keeps a block. */
  async put(layer: number, weights: LayerWeights): Promise<LayerWeights> {
    this.#known.set(layer, weights);
    const parts = partsOf(weights);
    if (!parts) return weights;
    const arrays = parts.arrays.map(bytesOf);
    const tensors = arrays.map((data, place) => (
      { name: String(place), dtype: "U8" as const, shape: [data.length], data }
    ));
    const block = encodeJson(parts.json);
    const metadata = { block, sha256: await this.#sumOf(layer, block, arrays) };
    try {
      await this.#tidy();
      await writeSafetensors(this.#path(layer), tensors, metadata);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.onUnkept(error.message);
    }
    return weights;
  }

  /** Removes what killed processes left, once. */
  async #tidy(): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    await removeLeftovers(this.folder);
  }

  async #read(layer: number): Promise<LayerWeights | undefined> {
    const path = this.#path(layer);
    try {
      if (!await exists(path)) return undefined;
      const file = await openSafetensors(path);
      const { block, sha256: sum } = file.metadata;
      const names = [...file.tensors.keys()].toSorted((one, other) => Number(one) - Number(other));
      const arrays = await Promise.all(
        names.map(async (name) => (await file.read(name)).data as Uint8Array<ArrayBuffer>),
      );
      if (await this.#sumOf(layer, block, arrays) !== sum) return undefined;
      return fromParts(
        decodeJson(block),
        (place, type) => arrayOf(type, arrays[place]),
      ) as LayerWeights;
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  #path(layer: number): string {
    return `${this.folder}/${fileOf(layer)}`;
  }

  /** What stands for a block, its arrays and its place: a file that lies in another is none. */
  async #sumOf(
    layer: number,
    block: string,
    arrays: readonly Uint8Array<ArrayBuffer>[],
  ): Promise<string> {
    const sums = await Promise.all(arrays.map((bytes) => sha256(bytes)));
    const weights = this.folder.split("/").at(-1);
    return await sha256([weights, layer, block, ...sums].join("\n"));
  }
}

/**
 * Removes the blocks that {@linkcode StoredBlocks} keep in a folder, and the folder, unless others have put something
 * there.
 *
 * @throws {InputError} If something else is in it, or the system does not allow it.
 */
export async function removeStoredBlocks(folder: string): Promise<void> {
  const action = `remove ${folder}`;
  await removeLeftovers(folder, { all: true });
  for (const { name, isFile } of await entriesOf(folder)) {
    if (isFile && name === fileOf(Number.parseInt(name.slice(blockName.length)))) {
      await removeFile(`${folder}/${name}`, action);
    }
  }
  await removeFile(folder, action);
}

const blockName = "block-";

function fileOf(layer: number): string {
  return `${blockName}${layer}.safetensors`;
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
