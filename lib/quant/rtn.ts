import { type AffineMatrix, affineMatrix } from "../format/mod.ts";
import { requireChoice } from "./checks.ts";
import { weightGrouping } from "./grouping.ts";
import { weightCode, type WeightFormat, weightGrid, type WeightRange } from "./weight_grid.ts";

/** How round-to-nearest quantizes a weight matrix. */
export interface RtnOptions extends WeightFormat {
  rows: number;
  columns: number;
  range: WeightRange;
}

/**
 * Round-to-nearest: every weight goes to the closest point of its group's grid. The baseline of
 * {@linkcode gptq}, with the same grids.
 *
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param name What errors call the matrix.
 * @throws {InputError} If the shape does not match, a weight is not finite, a group's range is wider
 * than float32 reaches, or a setting is none of its values.
 */
export function rtn(weight: Float32Array, options: RtnOptions, name = "weight"): AffineMatrix {
  const { rows, columns, bits, range } = options;
  const { groupSize, groups } = weightGrouping(weight, rows, columns, options, name);
  requireChoice(range, ["minmax", "mse"], "range", name);
  const codes = new Uint8Array(weight.length);
  const scale = new Float32Array(rows * groups);
  const zeroPoint = new Uint8Array(scale.length);
  for (let index = 0; index < scale.length; index++) {
    const row = Math.floor(index / groups) * columns;
    const start = row + (index % groups) * groupSize;
    const end = Math.min(start + groupSize, row + columns);
    const grid = weightGrid(weight.subarray(start, end), options, range, name);
    scale[index] = grid.scale;
    zeroPoint[index] = grid.zeroPoint;
    for (let i = start; i < end; i++) codes[i] = weightCode(weight[i], grid, 2 ** bits - 1);
  }
  const groupIndex = Int32Array.from({ length: columns }, (_, i) => Math.floor(i / groupSize));
  return affineMatrix({ rows, columns, bits, codes, scale, zeroPoint, groupIndex, name });
}
