import { decodeJson, encodeJson } from "../core/mod.ts";
import { arrayOf, fromParts, type NumberArray, partsOf } from "../format/mod.ts";
import { NumberedFiles } from "../io/mod.ts";
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
  readonly #files: NumberedFiles;

  /**
   * @param folder Of these blocks alone; made with the first of them.
   * @param onUnkept Is told why the folder did not take a block.
   */
  constructor(folder: string, onUnkept?: (reason: string) => void) {
    this.#files = blockFiles(folder, onUnkept);
  }

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
    const tensors = parts.arrays.map((array, place) => {
      const data = bytesOf(array);
      return { name: String(place), dtype: "U8" as const, shape: [data.length], data };
    });
    await this.#files.write(layer, tensors, { block: encodeJson(parts.json) });
    return weights;
  }

  async #read(layer: number): Promise<LayerWeights | undefined> {
    const file = await this.#files.read(layer);
    if (!file) return undefined;
    const { metadata: { block }, tensors } = file;
    const bytesAt = (place: number) => tensors.get(String(place))!.data as Uint8Array<ArrayBuffer>;
    return fromParts(
      decodeJson(block),
      (place, type) => arrayOf(type, bytesAt(place)),
    ) as LayerWeights;
  }
}

/**
 * Removes the blocks that {@linkcode StoredBlocks} keep in a folder, and the folder, unless others have put something
 * there.
 *
 * @throws {InputError} If something else is in it, or the system does not allow it.
 */
export async function removeStoredBlocks(folder: string): Promise<void> {
  await blockFiles(folder).remove();
}

function blockFiles(folder: string, onUnkept?: (reason: string) => void): NumberedFiles {
  return new NumberedFiles(folder, "block", onUnkept);
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
