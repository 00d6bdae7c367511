import { rowsWanted, type StoredMatrix } from "../format/mod.ts";
import type { TensorPlace } from "./weight_file.ts";

/** A matrix that stays on the disk: rows are read when they are decoded. */
export class DiskMatrix implements StoredMatrix {
  /**
   * @param byteLength What it takes in its file, where rows lie one after the other.
   * @param form As {@linkcode StoredMatrix.form}.
   * @param action What errors say was attempted.
   * @param matrixOf Makes a matrix of the bytes of so many rows.
   */
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly byteLength: number,
    readonly form: string,
    private readonly place: TensorPlace,
    private readonly action: string,
    private readonly matrixOf: (bytes: Uint8Array<ArrayBuffer>, rows: number) => StoredMatrix,
  ) {}

  decode(firstRow: number, into: Float32Array): void {
    const { pieces, offset } = this.place;
    const count = rowsWanted(this, firstRow, into.length);
    const rowBytes = this.byteLength / this.rows;
    const start = offset + firstRow * rowBytes;
    const bytes = pieces.readSync(start, count * rowBytes, this.action);
    this.matrixOf(bytes, count).decode(0, into);
  }
}
