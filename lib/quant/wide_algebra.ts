import type { Step } from "../core/mod.ts";
import { triangleRow } from "../format/mod.ts";
import { type BadPivot, inverseFactor } from "./inverse_factor.ts";
import { weightCode } from "./weight_grid.ts";

/** Float64 numbers to work on, with arbitrary contents at first. Dispose of them when done. */
export interface WideNumbers extends Disposable {
  readonly values: Float64Array;
}

/** Which part of a product {@linkcode WideAlgebra.subtractProduct} subtracts from which part of a matrix. */
export interface ProductPart {
  /** Of both matrices. */
  rows: number;
  /** Of the matrix that it changes, and of the triangle. */
  columns: number;
  /** Those of its columns that change: `left` to `right`, without the latter. */
  left: number;
  right: number;
  /** The rows of the triangle that are factors: `first` to `end`, without the latter. */
  first: number;
  end: number;
  /** Elements from one row of the errors to the next. */
  errorStride: number;
}

/** What {@linkcode WideAlgebra.roundColumns} reads besides weights and factor. */
export interface ColumnGrids {
  /** `[rows, groups]`; float32 numbers. */
  scale: Float32Array;
  /** `[rows, groups]` */
  zeroPoint: Uint8Array;
  groups: number;
  groupSize: number;
  /** The highest code; the lowest is 0. */
  codeMax: number;
}

/** What {@linkcode WideAlgebra.roundColumns} finds. */
export interface RoundedColumns {
  /** `[rows, columns]`, written in the block's columns. */
  codes: Uint8Array;
  /** Of every weight of the block, divided by its diagonal element: rows `errorStride` apart. */
  errors: Float64Array;
  /** Of every row, added to. */
  losses: Float64Array;
}

/**
 * The arithmetic in which GPTQ spends its time, on numbers that it hands out. Whoever implements it gives the
 * bits of {@linkcode plainAlgebra}.
 */
export interface WideAlgebra {
  /** Room for so many numbers. */
  take(length: number): WideNumbers;
  /** As {@linkcode inverseFactor}; `onStep` is called several times a second. */
  inverseFactor(matrix: Float64Array, size: number, onStep: Step): BadPivot | undefined;
  /**
   * The columns `first` to `end` of a matrix rounded to their grids one after the other. What each loses, divided
   * by the diagonal of the triangle, is subtracted from the later ones of the block in proportion to its row; the
   * matrix itself is left as it is. Rounding is in float32, errors are in float64.
   *
   * @param matrix `[rows, columns]`
   * @param triangle An upper one of so many columns, row after row.
   */
  roundColumns(
    matrix: Float64Array,
    triangle: Float64Array,
    grids: ColumnGrids,
    into: RoundedColumns,
    part: Omit<ProductPart, "left" | "right">,
  ): void;
  /**
   * `matrix -= errors . triangle`, each element one product after the other.
   *
   * @param matrix `[rows, columns]`
   * @param errors Row by row, one column for each row of the triangle from `first` to `end`.
   * @param triangle An upper one of so many columns, row after row.
   */
  subtractProduct(
    matrix: Float64Array,
    errors: Float64Array,
    triangle: Float64Array,
    part: ProductPart,
  ): void;
}

/** One element after the other, in JavaScript. */
export const plainAlgebra: WideAlgebra = {
  take: (length) => ({ values: new Float64Array(length), [Symbol.dispose]() {} }),
  inverseFactor,
  roundColumns(matrix, triangle, grids, { codes, errors, losses }, part) {
    const { rows, columns, first, end, errorStride } = part;
    const { scale, zeroPoint, groups, groupSize, codeMax } = grids;
    for (let row = 0; row < rows; row++) {
      const block = matrix.slice(row * columns + first, row * columns + end);
      let loss = 0;
      for (let column = first; column < end; column++) {
        const group = row * groups + Math.floor(column / groupSize);
        const grid = { scale: scale[group], zeroPoint: zeroPoint[group] };
        const value = Math.fround(block[column - first]);
        const code = weightCode(value, grid, codeMax);
        const rounded = Math.fround(grid.scale * (code - grid.zeroPoint));
        const line = triangleRow(column, columns);
        const error = (value - rounded) / triangle[line + column];
        for (let later = column + 1; later < end; later++) {
          block[later - first] -= error * triangle[line + later];
        }
        codes[row * columns + column] = code;
        errors[row * errorStride + column - first] = error;
        loss += error * error / 2;
      }
      losses[row] += loss;
    }
  },
  subtractProduct(matrix, errors, triangle, part) {
    const { rows, columns, left, right, first, end, errorStride } = part;
    for (let row = 0; row < rows; row++) {
      const own = matrix.subarray(row * columns + left, row * columns + right);
      for (let k = first; k < end; k++) {
        const error = errors[row * errorStride + k - first];
        const start = triangleRow(k, columns);
        const line = triangle.subarray(start + left, start + right);
        for (let j = 0; j < own.length; j++) own[j] -= error * line[j];
      }
    }
  },
};
