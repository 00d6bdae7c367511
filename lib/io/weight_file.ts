import type { Dtype, TensorData } from "./dtypes.ts";
import type { FilePieces } from "./file_pieces.ts";

/** What a file says of a tensor before it is read. */
export interface TensorFacts {
  /** The element type as its file calls it; one that is not read here only matters to whoever asks. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** What it takes once it is read. */
  readonly byteLength: number;
}

/** A tensor in its stored precision, row by row; BF16 as its bits, BOOL as 0 or 1. */
export interface TensorValues {
  dtype: Dtype;
  shape: number[];
  data: TensorData;
}

/** Where a tensor lies. */
export interface TensorPlace {
  pieces: FilePieces;
  /** Of its first byte. */
  offset: number;
}

/** A file of tensors. Nothing is held open between two reads. */
export interface WeightFile {
  readonly path: string;
  /** The tensors by name. */
  readonly tensors: ReadonlyMap<string, TensorFacts>;
  /**
   * Reads one tensor; several may be read at once.
   *
   * @throws {InputError} If the file has no such tensor, its element type is none of {@linkcode Dtype},
   *   or the file is not as it was when it was opened.
   */
  read(name: string): Promise<TensorValues>;
  /** Where a tensor lies in one piece, row by row; undefined if it lies otherwise. */
  locate(name: string): TensorPlace | undefined;
}
