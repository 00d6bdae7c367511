import type { Step } from "../core/mod.ts";
import { triangleRow } from "../format/mod.ts";

/** A pivot that is not positive: what is factored is not positive definite. */
export interface BadPivot {
  column: number;
  pivot: number;
}

/**
 * The upper triangular U with `H^-1 = U^T U`: what GPTQ calls the Cholesky factor of the
 * inverse Hessian.
 *
 * Factoring from the last column backwards, `H = R R^T` with R upper triangular, gives
 * `U = R^-1` directly, without inverting H. Both steps work in place, and meet the columns or rows that an
 * element depends on in descending order.
 *
 * @param matrix The upper triangle of H, row after row; overwritten by that of U.
 * @param onStep Called for every row and column.
 * @returns The column where a pivot is not positive, with that pivot, if the matrix is not
 * positive definite.
 */
export function inverseFactor(
  matrix: Float64Array,
  size: number,
  onStep: Step = () => {},
): BadPivot | undefined {
  const column = new Float64Array(size);
  for (let k = size - 1; k >= 0; k--) {
    onStep((size - k) / size / 2);
    const diagonal = triangleRow(k, size) + k;
    const pivot = matrix[diagonal];
    if (!(pivot > 0)) return { column: k, pivot };
    const root = matrix[diagonal] = Math.sqrt(pivot);
    for (let row = 0; row < k; row++) {
      column[row] = matrix[triangleRow(row, size) + k] /= root;
    }
    for (let row = 0; row < k; row++) {
      const start = triangleRow(row, size);
      subtractMultiple(matrix.subarray(start + row, start + k), column[row], column, row);
    }
  }
  invertUpper(matrix, size, onStep);
}

/** Replaces an upper triangular matrix by its inverse, from the last row upwards. */
function invertUpper(matrix: Float64Array, size: number, onStep: Step): void {
  const factors = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    onStep((1 + (size - row) / size) / 2);
    const start = triangleRow(row, size);
    const own = matrix.subarray(start + row, start + size);
    factors.set(own, row);
    own.fill(0);
    for (let k = size - 1; k > row; k--) {
      const below = triangleRow(k, size);
      subtractMultiple(own.subarray(k - row), factors[k], matrix, below + k);
    }
    const diagonal = factors[row];
    own[0] = 1;
    for (let i = 0; i < own.length; i++) own[i] /= diagonal;
  }
}

/** Subtracts `factor * values[from..]` from all elements. */
function subtractMultiple(
  target: Float64Array,
  factor: number,
  values: Float64Array,
  from: number,
): void {
  for (let i = 0; i < target.length; i++) target[i] -= factor * values[from + i];
}
