import { require } from "../core/mod.ts";

/** A matrix as it is stored: it knows its bytes and decodes rows on demand. */
export interface StoredMatrix {
  readonly rows: number;
  readonly columns: number;
  /** All that is held, in bytes: codes, scales, zero points, indices. */
  readonly byteLength: number;
  /** What reports call the way it is stored: `F16`, `4 bits in groups of 32`. */
  readonly form: string;
  /**
   * Decodes rows from `firstRow` on until `into` is full.
   *
   * @param into `[n, columns]`; overwritten.
   * @throws {InputError} If `into` holds no whole rows, or more than are left.
   */
  decode(firstRow: number, into: Float32Array): void;
  /** Gives its memory back at once, where it has much of its own; it cannot be decoded afterwards. */
  free?(): void;
}

/** A matrix as checkpoints hold it. */
export interface RowMatrix extends StoredMatrix {
  /**
   * Some rows, in any order, in the same form.
   *
   * @throws {InputError} If there is no such row.
   */
  takeRows(order: ArrayLike<number>): RowMatrix;
}

/** All values of a stored matrix, `[rows, columns]`. */
export function decodeMatrix(matrix: StoredMatrix): Float32Array {
  const values = new Float32Array(matrix.rows * matrix.columns);
  matrix.decode(0, values);
  return values;
}

/** Whether two matrices have the same shape and values. */
export function sameMatrix(one: StoredMatrix, other: StoredMatrix): boolean {
  const { rows, columns } = one;
  if (rows !== other.rows || columns !== other.columns) return false;
  const together = rowsTogether(one);
  const values = [one, other].map(() => new Float32Array(together * columns));
  for (let first = 0; first < rows; first += together) {
    const [left, right] = [one, other].map((matrix, index) => {
      const part = values[index].subarray(0, Math.min(together, rows - first) * columns);
      matrix.decode(first, part);
      return part;
    });
    for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  }
  return true;
}

/** How many rows of a matrix are decoded at a time where all of them are looked at. */
function rowsTogether({ rows, columns }: StoredMatrix): number {
  return Math.max(1, Math.min(rows, Math.floor(decodedAtOnce / columns)));
}

/** The bits of a float32's exponent, all set in NaN and infinity alone. */
const exponent = 0x7f800000;

/** Values that are decoded at a time, and stay in the processor's cache. */
const decodedAtOnce = 2 ** 16;

/** The first element, row by row, that is NaN or infinite; undefined if there is none. */
export function firstNonFinite(
  matrix: StoredMatrix,
): { row: number; column: number; value: number } | undefined {
  const { rows, columns } = matrix;
  const together = rowsTogether(matrix);
  const values = new Float32Array(together * columns);
  const patterns = new Int32Array(values.buffer);
  for (let first = 0; first < rows; first += together) {
    const count = Math.min(together, rows - first) * columns;
    matrix.decode(first, values.subarray(0, count));
    for (let i = 0; i < count; i++) {
      if ((patterns[i] & exponent) !== exponent) continue;
      return { row: first + Math.floor(i / columns), column: i % columns, value: values[i] };
    }
  }
  return undefined;
}

/** What an element of a stored matrix costs, in bits, with everything that is stored for it. */
export function bitsPerWeight(
  { rows, columns, byteLength }: Pick<StoredMatrix, "rows" | "columns" | "byteLength">,
): number {
  return 8 * byteLength / (rows * columns);
}

/**
 * Refuses a shape that is no matrix, or does not have so many elements.
 *
 * @param length How many elements there are.
 * @param name What errors call the matrix.
 */
export function requireShape(rows: number, columns: number, length: number, name: string): void {
  const action = `store ${name}`;
  const positive = [rows, columns].every((count) => Number.isInteger(count) && count > 0);
  require(positive, action, "rows and columns must be positive integers", [rows, columns]);
  require(rows * columns === length, action, `it must hold ${rows} x ${columns} values`, length);
}

/**
 * How many whole rows fit into an array.
 *
 * @param length Elements of the array.
 * @throws {InputError} If it is no whole number of rows, or more than follow `firstRow`.
 */
export function rowsWanted(
  { rows, columns }: Pick<StoredMatrix, "rows" | "columns">,
  firstRow: number,
  length: number,
): number {
  const count = length / columns;
  const action = "read rows of a matrix";
  require(Number.isInteger(count), action, `there must be room for rows of ${columns}`, length);
  const inside = Number.isInteger(firstRow) && firstRow >= 0 && firstRow + count <= rows;
  require(inside, action, `they must lie in 0..${rows - 1}`, [firstRow, firstRow + count - 1]);
  return count;
}
