import type { Step } from "../core/mod.ts";
import { triangleRow } from "../format/mod.ts";
import { type BadPivot, inverseFactor } from "./inverse_factor.ts";

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
