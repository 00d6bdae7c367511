import { refuse, require } from "../core/mod.ts";
import {
  blockMatrix,
  type FloatArrays,
  type FloatDtype,
  floatMatrix,
  isBlockType,
  type RowMatrix,
  type StoredMatrix,
} from "../format/mod.ts";
import { DiskMatrix } from "./disk_matrix.ts";
import { type FilePieces, openPieces } from "./file_pieces.ts";
import { type GgufHeader, type GgufTensor, readHeader } from "./gguf_header.ts";
import { tensorOf } from "./safetensors_header.ts";

/** A GGUF file. Nothing is held open between two reads. */
export class GgufFile implements GgufHeader {
  readonly path: string;
  readonly metadata: GgufHeader["metadata"];
  readonly tensors: GgufHeader["tensors"];
  readonly #pieces: FilePieces;

  /** Of {@linkcode openGguf}. */
  constructor(pieces: FilePieces, { path, metadata, tensors }: GgufHeader) {
    this.path = path;
    this.metadata = metadata;
    this.tensors = tensors;
    this.#pieces = pieces;
  }

  /**
   * A tensor in its own type, quantized blocks as they are; several may be read at once.
   *
   * @returns `[all dimensions but the last, the last]`; a vector is one row.
   * @throws {InputError} If there is no such tensor, its type is not read here, or the file is not as it
   *   was when it was opened.
   */
  async readMatrix(name: string): Promise<RowMatrix> {
    const action = tensorOf(this.path, name);
    const tensor = this.#readable(name, action);
    const bytes = await this.#pieces.read(tensor.offset, tensor.byteLength, action);
    const columns = tensor.shape.at(-1) ?? 1;
    return matrixOf(tensor, bytes, columns, action);
  }

  /**
   * The same, left on the disk and read row by row when it is decoded.
   *
   * @throws {InputError} As {@linkcode readMatrix}; so does decoding.
   */
  onDisk(name: string): StoredMatrix {
    const action = tensorOf(this.path, name);
    const tensor = this.#readable(name, action);
    const { offset, byteLength, shape } = tensor;
    const columns = shape.at(-1) ?? 1;
    const rows = shape.slice(0, -1).reduce((count, size) => count * size, 1);
    const place = { pieces: this.#pieces, offset };
    const read = (bytes: Uint8Array<ArrayBuffer>) => matrixOf(tensor, bytes, columns, action);
    return new DiskMatrix(rows, columns, byteLength, tensor.dtype, place, action, read);
  }

  #readable(name: string, action: string): GgufTensor {
    const tensor = this.tensors.get(name) ?? refuse(action, "the file must have it");
    require(isReadableType(tensor.dtype), action, "its type must be read here", tensor.dtype);
    return tensor;
  }
}

/**
 * Opens a GGUF file and reads its header; the data is read tensor by tensor on demand.
 *
 * @throws {InputError} As {@linkcode readGgufHeader}.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const pieces = await openPieces(path);
  return new GgufFile(pieces, await readHeader(pieces));
}

/** Whether tensors of a type that a file names can be read. */
export function isReadableType(dtype: string): boolean {
  return isBlockType(dtype) || Object.hasOwn(floatArrays, dtype);
}

const floatArrays: { [Dtype in FloatDtype]: new (buffer: ArrayBuffer) => FloatArrays[Dtype] } = {
  F32: Float32Array,
  F16: Float16Array,
  BF16: Uint16Array,
};

/** Whole rows of a tensor from their bytes. */
function matrixOf(
  { dtype, byteLength, shape }: GgufTensor,
  bytes: Uint8Array<ArrayBuffer>,
  columns: number,
  name: string,
): RowMatrix {
  const elements = shape.reduce((count, size) => count * size, 1);
  const rows = bytes.length / byteLength * elements / columns;
  if (isBlockType(dtype)) return blockMatrix(dtype, bytes, rows, columns, name);
  const type = dtype as FloatDtype;
  return floatMatrix(type, new floatArrays[type](bytes.buffer), rows, columns, name);
}
