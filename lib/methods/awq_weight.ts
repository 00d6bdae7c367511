import { type AffineMatrix, affineMatrix, encodeFloats } from "../format/mod.ts";
import {
  requireFiniteGrid,
  roundScale,
  type ScaleDtype,
  weightCode,
  type WeightGrid,
  weightGrouping,
} from "../quant/mod.ts";

// Operations on weights are in float32, each of them, as in the reference code: a group that is clipped
// on either side lies on a tie, which the last bit decides.

/** The grids of AWQ's weights. */
export interface AwqSettings {
  /** 2..8. */
  bits: number;
  /** Columns of a row that share a scale and a zero point; the last group may be shorter. */
  groupSize: number;
  /** What scales are rounded to before codes are chosen; F32 unless given. */
  scaleDtype?: ScaleDtype;
}

/** The weight of a linear map, and how it is to be rounded. */
export interface AwqWeight extends AwqSettings {
  /** `[rows, columns]`, i.e. `[out, in]`. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** What errors call it. */
  name: string;
}

/**
 * Rounds every weight to the nearest point of its group's grid, which lies between the group's extremes.
 * Unlike that of `rtn` it is not extended to contain 0, yet its zero point is a code: a group of weights
 * that all have one sign and are far from 0 saturates.
 *
 * @throws {InputError} If the shape does not match, a weight is not finite, a group's range is wider than
 *   float32 reaches, the bits are not 2..8 or the group size is not a positive integer.
 */
export function quantizeAwq(weight: AwqWeight): AffineMatrix {
  const { values, rows, columns, bits, scaleDtype, name } = weight;
  const { groupSize, groups } = groupingOf(weight);
  const codes = new Uint8Array(values.length);
  const scale = new Float32Array(rows * groups);
  const zeroPoint = new Uint8Array(scale.length);
  forEachGroup(weight, (group, start, index) => {
    const grid = gridOf(group, bits, scaleDtype, name);
    scale[index] = grid.scale;
    zeroPoint[index] = grid.zeroPoint;
    for (let i = 0; i < group.length; i++) {
      codes[start + i] = weightCode(group[i], grid, 2 ** bits - 1);
    }
  });
  const groupIndex = Int32Array.from({ length: columns }, (_, i) => Math.floor(i / groupSize));
  return affineMatrix({
    ...{ rows, columns, bits, codes, zeroPoint, groupIndex, name },
    scale: encodeFloats(scale, scaleDtype ?? "F32"),
  });
}

function gridOf(
  group: Float32Array,
  bits: number,
  scaleDtype: ScaleDtype | undefined,
  name: string,
): WeightGrid {
  const codeMax = 2 ** bits - 1;
  let min = Infinity;
  let max = -Infinity;
  for (const weight of group) {
    if (weight < min) min = weight;
    if (weight > max) max = weight;
  }
  const width = Math.max(Math.fround(max - min), Math.fround(1e-5));
  const scale = roundScale(width / codeMax, scaleDtype);
  requireFiniteGrid(scale, codeMax, [min, max], name, scaleDtype);
  return { scale, zeroPoint: weightCode(-min, { scale, zeroPoint: 0 }, codeMax) };
}

/** How the columns of a weight are in groups, once it is known to be sound. */
export function groupingOf(
  { values, rows, columns, bits, groupSize, scaleDtype, name }: AwqWeight,
) {
  const format = { bits, groupSize, symmetric: false, scaleDtype };
  return weightGrouping(values, rows, columns, format, name);
}

/** Groups in order, where they start and how many came before them. */
export function forEachGroup(
  { values, rows, columns, groupSize }: AwqWeight,
  visit: (group: Float32Array, start: number, index: number) => void,
): void {
  let index = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column += groupSize) {
      const start = row * columns + column;
      const end = row * columns + Math.min(column + groupSize, columns);
      visit(values.subarray(start, end), start, index++);
    }
  }
}
