import type { Step } from "../core/mod.ts";
import {
  type AffineMatrix,
  affineMatrix,
  encodeFloats,
  floatMatrix,
  type StoredMatrix,
} from "../format/mod.ts";
import { requireFinite } from "./checks.ts";
import { formatGrouping, requireRange, weightGrouping } from "./grouping.ts";
import { weightCode, type WeightFormat, weightGrid, type WeightRange } from "./weight_grid.ts";

/** How round-to-nearest quantizes a weight matrix. */
export interface RtnOptions extends WeightFormat {
  rows: number;
  columns: number;
  range: WeightRange;
}

/** Weights that are decoded together. */
const weightsTogether = 2 ** 22;

/**
 * Round-to-nearest: every weight goes to the closest point of its group's grid. The baseline of
 * {@linkcode gptq}, with the same grids.
 *
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param name What errors call the matrix.
 * @throws {InputError} If the shape does not match, a weight is not finite, a group's range is wider
 * than scales reach, or a setting is none of its values.
 */
export function rtn(weight: Float32Array, options: RtnOptions, name = "weight"): AffineMatrix {
  const { rows, columns } = options;
  weightGrouping(weight, rows, columns, options, name);
  return rtnOf(floatMatrix("F32", weight, rows, columns, name), options, name);
}

/**
 * {@linkcode rtn} of a matrix as it is stored, some rows at a time.
 *
 * @param onStep Called before some rows.
 * @throws {InputError} As {@linkcode rtn}.
 */
export function rtnOf(
  weight: StoredMatrix,
  settings: Omit<RtnOptions, "rows" | "columns">,
  name = "weight",
  onStep: Step = () => {},
): AffineMatrix {
  const { bits, range, scaleDtype = "F32" } = settings;
  const { rows, columns } = weight;
  const { groupSize, groups } = formatGrouping(columns, settings, name);
  requireRange(range, settings, name);
  const codes = new Uint8Array(rows * columns);
  const scale = new Float32Array(rows * groups);
  const zeroPoint = new Uint8Array(scale.length);
  const together = Math.min(rows, Math.max(1, Math.floor(weightsTogether / columns)));
  const decoded = new Float32Array(together * columns);
  for (let first = 0; first < rows; first += together) {
    onStep(first / rows);
    const count = Math.min(together, rows - first);
    const values = decoded.subarray(0, count * columns);
    weight.decode(first, values);
    requireFinite(values, name, first * columns);
    for (let group = 0; group < count * groups; group++) {
      const row = Math.floor(group / groups) * columns;
      const start = row + (group % groups) * groupSize;
      const end = Math.min(start + groupSize, row + columns);
      const grid = weightGrid(values.subarray(start, end), settings, range, name);
      scale[first * groups + group] = grid.scale;
      zeroPoint[first * groups + group] = grid.zeroPoint;
      for (let i = start; i < end; i++) {
        codes[first * columns + i] = weightCode(values[i], grid, 2 ** bits - 1);
      }
    }
  }
  const groupIndex = Int32Array.from({ length: columns }, (_, i) => Math.floor(i / groupSize));
  return affineMatrix({
    ...{ rows, columns, bits, codes, zeroPoint, groupIndex, name },
    scale: encodeFloats(scale, scaleDtype),
  });
}
