import { refuse } from "../core/mod.ts";
import { dataArrays, requireDtype } from "./dtypes.ts";
import { type FilePieces, openPieces } from "./file_pieces.ts";
import {
  lengthBytes,
  parseHeader,
  parseHeaderLength,
  type SafetensorsHeader,
  type TensorInfo,
  tensorOf,
} from "./safetensors_header.ts";
import type { TensorPlace, TensorValues, WeightFile } from "./weight_file.ts";

/**
 * Opens a safetensors file and reads its header; the data is read tensor by tensor on demand.
 *
 * @throws {InputError} If the file cannot be read or its header is not valid.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const pieces = await openPieces(path);
  const { size } = pieces;
  const start = await pieces.read(0, Math.min(lengthBytes, size), `read ${path}`);
  const length = parseHeaderLength(start, size, path);
  const header = await pieces.read(lengthBytes, length, `read ${path}`);
  return new SafetensorsFile(pieces, parseHeader(header, size, path));
}

/** A safetensors file. */
export class SafetensorsFile implements WeightFile {
  readonly path: string;
  /** The free strings under `__metadata__`. */
  readonly metadata: SafetensorsHeader["metadata"];
  readonly tensors: SafetensorsHeader["tensors"];
  #pieces: FilePieces;

  /** Of {@linkcode openSafetensors}. */
  constructor(pieces: FilePieces, { metadata, tensors }: SafetensorsHeader) {
    this.path = pieces.path;
    this.metadata = metadata;
    this.tensors = tensors;
    this.#pieces = pieces;
  }

  async read(name: string): Promise<TensorValues> {
    const action = tensorOf(this.path, name);
    const { dtype, shape, offset, byteLength } = this.#info(name);
    requireDtype(dtype, action);
    const { buffer } = await this.#pieces.read(offset, byteLength, action);
    return { dtype, shape: [...shape], data: new dataArrays[dtype](buffer) };
  }

  locate(name: string): TensorPlace {
    return { pieces: this.#pieces, offset: this.#info(name).offset };
  }

  #info(name: string): TensorInfo {
    return this.tensors.get(name) ?? refuse(tensorOf(this.path, name), "the file must have it");
  }
}
