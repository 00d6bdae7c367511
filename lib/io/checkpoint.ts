import type { RowMatrix, StoredMatrix } from "../format/mod.ts";
import type { TensorFacts } from "./weight_file.ts";

/** A tensor of a checkpoint. */
export interface CheckpointTensor extends TensorFacts {
  /** Whether it holds numbers that {@linkcode Checkpoint.readMatrix} gives. */
  readonly readable: boolean;
}

/** The weights of a model, in whatever files. Nothing is held open between two reads. */
export interface Checkpoint {
  /** What messages call it: a folder, or a file. */
  readonly path: string;
  /** The paths of the weight files, sorted. */
  readonly files: readonly string[];
  /** By the names that Hugging Face's Transformers gives them, in PyTorch's order of dimensions. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** The names of further tensors in the files, which cannot be read. */
  readonly unlisted: readonly string[];
  /**
   * A tensor as it is stored, float64 rounded to float32. A vector is a matrix of one row. Several may be
   * read at once, and the system is asked for them before this returns.
   *
   * @throws {InputError} If there is no such tensor, or the files do not hold what they say.
   */
  readMatrix(name: string): Promise<RowMatrix>;
  /**
   * A tensor that stays on the disk and is read row by row when it is decoded; undefined where its rows do
   * not lie one after the other.
   *
   * @throws {InputError} As {@linkcode readMatrix}; so does decoding.
   */
  onDisk(name: string): StoredMatrix | undefined;
}
