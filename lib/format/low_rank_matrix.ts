import { counted, require } from "../core/mod.ts";
import { decodeMatrix, rowsWanted, type StoredMatrix } from "./stored_matrix.ts";
import type { Summand } from "./sum_matrix.ts";

/** A sum of few matrices of rank one (LoRC): of two factors, each stored in its own way, one row for each. */
export class LowRankMatrix implements Summand {
  /** As {@linkcode lowRankMatrix}, which checks what it is given. */
  constructor(
    /** `[rank, rows]` */
    readonly left: StoredMatrix,
    /** `[rank, columns]` */
    readonly right: StoredMatrix,
  ) {}

  get rows(): number {
    return this.left.columns;
  }

  get columns(): number {
    return this.right.columns;
  }

  get rank(): number {
    return this.left.rows;
  }

  get byteLength(): number {
    return this.left.byteLength + this.right.byteLength;
  }

  get form(): string {
    const forms = new Set([this.left.form, this.right.form]);
    return `rank ${this.rank} (${[...forms].join(", ")})`;
  }

  decode(firstRow: number, into: Float32Array): void {
    this.addTo(firstRow, into.fill(0));
  }

  addTo(firstRow: number, into: Float32Array): void {
    const { rows, columns, rank } = this;
    const count = rowsWanted(this, firstRow, into.length);
    const [left, right] = [decodeMatrix(this.left), decodeMatrix(this.right)];
    const sums = new Float64Array(columns);
    for (let row = 0; row < count; row++) {
      sums.fill(0);
      for (let r = 0; r < rank; r++) {
        const factor = left[r * rows + firstRow + row];
        for (let i = 0; i < columns; i++) sums[i] += factor * right[r * columns + i];
      }
      for (let i = 0; i < columns; i++) into[row * columns + i] += Math.fround(sums[i]);
    }
  }
}

/**
 * A matrix of low rank: `left^T . right`, its sums in float64 and each rounded once to float32.
 *
 * @param left `[rank, rows]`.
 * @param right `[rank, columns]`.
 * @param name What errors call the matrix.
 * @throws {InputError} If the factors differ in rank.
 */
export function lowRankMatrix(
  left: StoredMatrix,
  right: StoredMatrix,
  name = "matrix",
): LowRankMatrix {
  const rule = `its right factor must have ${counted(left.rows, "row")}`;
  require(left.rows === right.rows, `store ${name}`, rule, right.rows);
  return new LowRankMatrix(left, right);
}
