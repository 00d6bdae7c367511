import { require } from "../core/mod.ts";
import { requireBits, requireFinite } from "./checks.ts";
import type { WeightFormat } from "./weight_grid.ts";

/** A weight matrix `[rows, columns]` rounded to a grid per row and group of columns. */
export interface QuantizedWeight {
  rows: number;
  columns: number;
  /** `[rows, columns]`, 0..2^bits-1. */
  codes: Uint8Array;
  /** `[rows, groups]`. */
  scale: Float32Array;
  /** `[rows, groups]`, the code of zero, 0..2^bits-1. */
  zeroPoint: Uint8Array;
  /** `[columns]`, the group of each column. */
  groupIndex: Int32Array;
  /** `[rows, columns]`, `scale * (code - zeroPoint)` in float32. */
  dequantized: Float32Array;
}

/** How many columns share a grid, and how many such groups a row has. */
export interface Grouping {
  groupSize: number;
  groups: number;
}

/**
 * Checks a weight matrix and its format and resolves the group size; a last group may be shorter.
 *
 * @param name What errors call the matrix.
 * @throws {InputError} If the shape does not match, a weight is not finite, the bits are not 2..8
 * or the group size is not a positive integer.
 */
export function weightGrouping(
  weight: Float32Array,
  rows: number,
  columns: number,
  { bits, groupSize }: WeightFormat,
  name: string,
): Grouping {
  requireBits(bits, name);
  const action = `quantize ${name}`;
  require(
    rows * columns === weight.length && Number.isInteger(rows) && columns > 0,
    action,
    `it must hold ${rows} x ${columns} values`,
    weight.length,
  );
  require(
    groupSize === "row" || (Number.isInteger(groupSize) && groupSize > 0),
    action,
    'groupSize must be a positive integer or "row"',
    groupSize,
  );
  requireFinite(weight, name);
  const size = groupSize === "row" ? columns : groupSize;
  return { groupSize: size, groups: Math.ceil(columns / size) };
}

/** `scale * (code - zeroPoint)` in float32, `[rows, columns]`. */
export function dequantizeWeight(
  { rows, columns, codes, scale, zeroPoint, groupIndex }: Omit<QuantizedWeight, "dequantized">,
): Float32Array {
  const groups = scale.length / rows;
  const weight = new Float32Array(codes.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const i = row * columns + column;
      const group = row * groups + groupIndex[column];
      weight[i] = scale[group] * (codes[i] - zeroPoint[group]);
    }
  }
  return weight;
}
