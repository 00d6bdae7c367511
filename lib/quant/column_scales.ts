import { counted, require } from "../core/mod.ts";
import {
  decodeMatrix,
  type StoredMatrix,
  type Triangle,
  triangleRow,
  triangleSize,
} from "../format/mod.ts";

/** Values on a diagonal that are smaller count as this. */
const leastDiagonal = 1e-8;

/**
 * What columns are multiplied by so that errors of all of them matter alike: `(H_jj / |W_j|^2)^(1/4)`, H divided by its
 * largest element (QuIP's rescaling, Chee et al. 2023).
 *
 * @param hessian The upper triangle of the Hessian, row after row.
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param name What errors call the matrix.
 * @returns `[columns]`
 * @throws {InputError} If the matrix has other columns.
 */
export function columnScales(
  hessian: Triangle,
  weight: StoredMatrix,
  name = "weight",
): Float32Array {
  const { columns } = weight;
  const own = triangleSize(hessian.length);
  const rule = `it must have the ${counted(own, "column")} of the Hessian`;
  require(columns === own, `quantize ${name}`, rule, columns);
  const squares = new Float64Array(columns);
  decodeMatrix(weight).forEach((value, i) => squares[i % columns] += value ** 2);
  const largest = largestOf(hessian);
  return Float32Array.from(squares, (square, column) => {
    const own = hessian[triangleRow(column, columns) + column] / largest;
    const ratio = Math.max(own, leastDiagonal) / Math.max(square, leastDiagonal);
    return Math.max(ratio ** 0.25, leastDiagonal);
  });
}

/** The Hessian of inputs that are divided by scales, its largest element once 1. */
export function rescaleHessian(hessian: Triangle, scales: Float32Array): Float64Array {
  const largest = largestOf(hessian);
  const rescaled = new Float64Array(hessian.length);
  scales.forEach((scale, row) => {
    const line = triangleRow(row, scales.length);
    for (let column = row; column < scales.length; column++) {
      rescaled[line + column] = hessian[line + column] / largest / scale / scales[column];
    }
  });
  return rescaled;
}

/** Multiplies columns, which are in order, by their scales. */
export function scaleColumns(ordered: Float64Array, order: Int32Array, scales: Float32Array): void {
  const columns = order.length;
  for (let i = 0; i < ordered.length; i++) ordered[i] *= scales[order[i % columns]];
}

/** The largest magnitude; 1 where there is none. */
function largestOf(hessian: Triangle): number {
  let largest = 0;
  for (let i = 0; i < hessian.length; i++) largest = Math.max(largest, Math.abs(hessian[i]));
  return largest || 1;
}
