import { decodeMatrix, floatMatrix, type StoredMatrix } from "../format/mod.ts";
import type { StoredModule } from "../model/mod.ts";
import { rotateByHadamard } from "../quant/mod.ts";

// Weights are changed in float64, as in QuaRot, and stored as float32 at the end.

/** A linear map, `[rows, columns]`, i.e. `[out, in]`, whose numbers are changed in place. */
export interface WideMap {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
  bias?: Float64Array;
}

/** A linear map as it is stored, to be changed. */
export function openWide({ weight, bias }: StoredModule): WideMap {
  const { rows, columns } = weight;
  const values = Float64Array.from(decodeMatrix(weight));
  return { rows, columns, values, bias: bias && Float64Array.from(bias) };
}

/** The changed map. */
export function storeWide({ rows, columns, values, bias }: WideMap): StoredModule {
  return {
    weight: floatMatrix("F32", Float32Array.from(values), rows, columns),
    bias: bias && Float32Array.from(bias),
  };
}

/** Takes gain and bias of the norm before it into a map. */
export function absorbNorm(map: WideMap, norm: StoredModule | undefined): void {
  if (!norm) return;
  const { rows, columns, values } = map;
  const gain = decodeMatrix(norm.weight);
  const { bias } = norm;
  if (bias) map.bias ??= new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    if (bias) map.bias![row] += own.reduce((sum, value, column) => sum + value * bias[column], 0);
    for (let column = 0; column < columns; column++) own[column] *= gain[column];
  }
}

/** Takes the mean over the outputs from each of them: what a norm without mean may read. */
export function centreOutputs({ rows, columns, values, bias }: WideMap): void {
  const mean = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) mean[i % columns] += values[i] / rows;
  for (let i = 0; i < values.length; i++) values[i] -= mean[i % columns];
  if (bias) centreRows(bias, rows);
}

/** Takes from each row of `[..., columns]` its mean. */
export function centreRows(values: Float64Array, columns: number): void {
  for (let start = 0; start < values.length; start += columns) {
    const row = values.subarray(start, start + columns);
    const mean = row.reduce((sum, value) => sum + value, 0) / columns;
    for (let i = 0; i < columns; i++) row[i] -= mean;
  }
}

/** Multiplies each row of `[..., columns]` by Q = diag(signs) H. */
export function rotateRows(values: Float64Array, signs: Int8Array): void {
  for (let i = 0; i < values.length; i++) values[i] *= signs[i % signs.length];
  rotateByHadamard(values, signs.length);
}

/** Multiplies what a map gives by Q: the weight becomes `Q^T W`. */
export function rotateOutputs({ columns, values, bias }: WideMap, signs: Int8Array): void {
  for (let i = 0; i < values.length; i++) values[i] *= signs[Math.floor(i / columns)];
  rotateByHadamard(values, signs.length, columns);
  if (bias) rotateRows(bias, signs);
}

/** Multiplies what a map gives within each head by a Hadamard matrix. */
export function rotateHeads({ columns, values, bias }: WideMap, headDim: number): void {
  rotateByHadamard(values, headDim, columns);
  if (bias) rotateByHadamard(bias, headDim);
}

/** Weights that are changed together. */
const weightsTogether = 2 ** 22;

/** A matrix with its rows changed in place, some at a time. */
export function changeRows(
  weight: StoredMatrix,
  change: (values: Float64Array, columns: number, firstRow: number) => void,
): StoredMatrix {
  const { rows, columns } = weight;
  const changed = new Float32Array(rows * columns);
  const together = Math.max(1, Math.floor(weightsTogether / columns));
  for (let first = 0; first < rows; first += together) {
    const part = changed.subarray(first * columns, (first + together) * columns);
    weight.decode(first, part);
    const values = Float64Array.from(part);
    change(values, columns, first);
    part.set(values);
  }
  return floatMatrix("F32", changed, rows, columns);
}
