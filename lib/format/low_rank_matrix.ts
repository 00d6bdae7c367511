import { counted, require } from "../core/mod.ts";
import { rowsWanted, type StoredMatrix } from "./stored_matrix.ts";
import type { Summand } from "./sum_matrix.ts";

/** The product of two narrow matrices (LoRC), each stored in its own way. */
export class LowRankMatrix implements Summand {
  /** As {@linkcode lowRankMatrix}, which checks what it is given. */
  constructor(
    /** `[rows, rank]` */
    readonly left: StoredMatrix,
    /** `[rank, columns]` */
    readonly right: StoredMatrix,
  ) {}

  get rows(): number {
    return this.left.rows;
  }

  get columns(): number {
    return this.right.columns;
  }

  get rank(): number {
    return this.left.columns;
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
    const { columns, rank } = this;
    const count = rowsWanted(this, firstRow, into.length);
    const left = new Float32Array(count * rank);
    this.left.decode(firstRow, left);
    const right = new Float32Array(rank * columns);
    this.right.decode(0, right);
    const sums = new Float64Array(columns);
    for (let row = 0; row < count; row++) {
      sums.fill(0);
      for (let r = 0; r < rank; r++) {
        const factor = left[row * rank + r];
        for (let i = 0; i < columns; i++) sums[i] += factor * right[r * columns + i];
      }
      for (let i = 0; i < columns; i++) into[row * columns + i] += Math.fround(sums[i]);
    }
  }
}

/**
 * A matrix of low rank: `left . right`, its sums in float64 and each rounded once to float32.
 *
 * @param left `[rows, rank]`.
 * @param right `[rank, columns]`.
 * @param name What errors call the matrix.
 * @throws {InputError} If `right` has another number of rows than `left` has columns.
 */
export function lowRankMatrix(
  left: StoredMatrix,
  right: StoredMatrix,
  name = "matrix",
): LowRankMatrix {
  const rule = `its right factor must have ${counted(left.columns, "row")}`;
  require(left.columns === right.rows, `store ${name}`, rule, right.rows);
  return new LowRankMatrix(left, right);
}
