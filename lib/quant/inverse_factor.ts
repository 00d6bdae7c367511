import type { Step } from "../core/mod.ts";

/**
 * The upper triangular U with `H^-1 = U^T U`: what GPTQ calls the Cholesky factor of the
 * inverse Hessian.
 *
 * Factoring from the last column backwards, `H = R R^T` with R upper triangular, gives
 * `U = R^-1` directly, without inverting H. Both steps run along contiguous rows and work in place.
 *
 * @param matrix `[size, size]`, symmetric; its upper triangle is overwritten by U, the rest is left
 * as it was and means nothing.
 * @param onStep Called for every row and column.
 * @returns The column where a pivot is not positive, with that pivot, if the matrix is not
 * positive definite.
 */
export function inverseFactor(
  matrix: Float64Array,
  size: number,
  onStep: Step = () => {},
): { column: number; pivot: number } | undefined {
  for (let column = size - 1; column >= 0; column--) {
    onStep((size - column) / size / 2);
    const own = matrix.subarray(column * size, (column + 1) * size);
    const pivot = own[column] - tailProduct(own, own, column + 1);
    if (!(pivot > 0)) return { column, pivot };
    own[column] = Math.sqrt(pivot);
    for (let row = 0; row < column; row++) {
      const other = matrix.subarray(row * size, (row + 1) * size);
      other[column] = (other[column] - tailProduct(own, other, column + 1)) / own[column];
    }
  }
  invertUpper(matrix, size, onStep);
}

/** `sum of a[k] * b[k]` for k from `start` to the end, in four independent chains. */
function tailProduct(a: Float64Array, b: Float64Array, start: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let k = start;
  for (; k + 3 < a.length; k += 4) {
    sum0 += a[k] * b[k];
    sum1 += a[k + 1] * b[k + 1];
    sum2 += a[k + 2] * b[k + 2];
    sum3 += a[k + 3] * b[k + 3];
  }
  for (; k < a.length; k++) sum0 += a[k] * b[k];
  return sum0 + sum1 + sum2 + sum3;
}

/** Replaces an upper triangular matrix by its inverse, from the last row upwards. */
function invertUpper(matrix: Float64Array, size: number, onStep: Step): void {
  const factors = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    onStep((1 + (size - row) / size) / 2);
    const own = matrix.subarray(row * size, (row + 1) * size);
    factors.set(own);
    own.fill(0, row);
    for (let k = row + 1; k < size; k++) {
      const factor = factors[k];
      const below = matrix.subarray(k * size, (k + 1) * size);
      for (let column = k; column < size; column++) own[column] -= factor * below[column];
    }
    const diagonal = factors[row];
    own[row] = 1;
    for (let column = row; column < size; column++) own[column] /= diagonal;
  }
}
