import { decodeFloats, encodeFloats, type FloatArrays, type FloatDtype } from "./float_matrix.ts";
import { requireShape, rowsWanted } from "./stored_matrix.ts";
import type { Summand } from "./sum_matrix.ts";

/** What a {@linkcode SparseMatrix} holds. */
interface SparseParts {
  rows: number;
  columns: number;
  dtype: FloatDtype;
  values: FloatArrays[FloatDtype];
  columnIndex: Uint16Array | Uint32Array;
  rowStart: Uint32Array;
}

/** The elements of a matrix that are not zero, row by row, with their columns. */
export class SparseMatrix implements Summand {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: FloatDtype;
  private readonly values: FloatArrays[FloatDtype];
  /** Of each value: 16 bits where they suffice. */
  private readonly columnIndex: Uint16Array | Uint32Array;
  /** `[rows + 1]`, where the values of each row begin. */
  private readonly rowStart: Uint32Array;

  /** Of {@linkcode sparseMatrix}, which finds them. */
  constructor({ rows, columns, dtype, values, columnIndex, rowStart }: SparseParts) {
    this.rows = rows;
    this.columns = columns;
    this.dtype = dtype;
    this.values = values;
    this.columnIndex = columnIndex;
    this.rowStart = rowStart;
  }

  /** How many elements are not zero. */
  get count(): number {
    return this.values.length;
  }

  get byteLength(): number {
    return this.values.byteLength + this.columnIndex.byteLength + this.rowStart.byteLength;
  }

  get form(): string {
    return `sparse ${this.dtype}`;
  }

  decode(firstRow: number, into: Float32Array): void {
    this.addTo(firstRow, into.fill(0));
  }

  addTo(firstRow: number, into: Float32Array): void {
    const { columns, columnIndex, rowStart } = this;
    const count = rowsWanted(this, firstRow, into.length);
    const [start, end] = [rowStart[firstRow], rowStart[firstRow + count]];
    const values = decodeFloats(this.dtype, this.values.subarray(start, end));
    for (let row = 0; row < count; row++) {
      for (let i = rowStart[firstRow + row]; i < rowStart[firstRow + row + 1]; i++) {
        into[row * columns + columnIndex[i]] += values[i - start];
      }
    }
  }
}

/**
 * Keeps the elements of a matrix that are not zero.
 *
 * @param values `[rows, columns]`.
 * @param options.dtype How values are stored, rounded half to even; F32 unless told.
 * @param options.name What errors call the matrix.
 * @throws {InputError} If the shape does not fit.
 */
export function sparseMatrix(
  values: Float32Array,
  rows: number,
  columns: number,
  { dtype = "F32", name = "matrix" }: { dtype?: FloatDtype; name?: string } = {},
): SparseMatrix {
  requireShape(rows, columns, values.length, name);
  const rowStart = new Uint32Array(rows + 1);
  values.forEach((value, i) => rowStart[Math.floor(i / columns) + 1] += Number(value !== 0));
  for (let row = 0; row < rows; row++) rowStart[row + 1] += rowStart[row];
  const count = rowStart[rows];
  const kept = new Float32Array(count);
  const columnIndex = columns <= 2 ** 16 ? new Uint16Array(count) : new Uint32Array(count);
  let at = 0;
  values.forEach((value, i) => {
    if (value === 0) return;
    kept[at] = value;
    columnIndex[at++] = i % columns;
  });
  return new SparseMatrix({
    ...{ rows, columns, dtype, columnIndex, rowStart },
    values: encodeFloats(kept, dtype),
  });
}
