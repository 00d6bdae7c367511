import { require, type Step } from "../core/mod.ts";
import { type ScaleDtype, type WeightGrid, weightGrid, type WeightRange } from "./weight_grid.ts";
import { plainAlgebra, type ProductPart, type WideAlgebra } from "./wide_algebra.ts";

/** The shape and format of the matrix that {@linkcode compensate} works on. */
export interface CompensationOptions {
  rows: number;
  columns: number;
  groupSize: number;
  groups: number;
  blockSize: number;
  bits: number;
  symmetric: boolean;
  scaleDtype?: ScaleDtype;
  /** How the range of a group is chosen; `minmax` unless given. */
  range?: WeightRange;
  /** The grid of each row; without them every group's is found when its first column comes up. */
  rowGrids?: WeightGrid[];
  /** What errors call the matrix. */
  name: string;
}

/** What {@linkcode compensate} finds, columns in the given order. */
export interface CompensatedWeight {
  /** `[rows, columns]`. */
  codes: Uint8Array;
  /** `[rows, groups]`. */
  scale: Float32Array;
  /** `[rows, groups]`. */
  zeroPoint: Uint8Array;
  /** The sum of error^2 / (2 d^2), d being the factor's diagonal. */
  loss: number;
}

/** Columns updated together, so that their part of the factor stays in the cache. */
const TILE = 256;

/**
 * The column loop of GPTQ (alg. 1) on columns that are already in order.
 *
 * Each column is rounded to its group's grid, and its error, divided by the diagonal of `factor`, is
 * subtracted from the later columns in proportion to the factor's row: within the block at once,
 * beyond it when the block is finished. Errors are kept in float64, but a weight is rounded to
 * float32 before its grid and its code are found, so that both see the same number.
 *
 * @param weight `[rows, columns]`; overwritten.
 * @param factor The upper triangle of U with `H^-1 = U^T U`, row after row.
 * @param onStep Called for every tile of columns that a block's errors reach.
 * @param algebra What `weight` and `factor` are numbers of.
 * @throws {InputError} If a range, or what errors add up to, is wider than the arithmetic reaches.
 */
export function compensate(
  weight: Float64Array,
  factor: Float64Array,
  options: CompensationOptions,
  onStep: Step = () => {},
  algebra: WideAlgebra = plainAlgebra,
): CompensatedWeight {
  const { rows, columns, groupSize, groups, blockSize, bits, rowGrids, name } = options;
  const codes = new Uint8Array(weight.length);
  const scale = new Float32Array(rows * groups);
  const zeroPoint = new Uint8Array(scale.length);
  const grids = { scale, zeroPoint, groups, groupSize, codeMax: 2 ** bits - 1 };
  const losses = new Float64Array(rows);
  using held = algebra.take(rows * blockSize);
  const errors = held.values;
  for (let start = 0; start < columns; start += blockSize) {
    const end = Math.min(start + blockSize, columns);
    for (let group = Math.ceil(start / groupSize); group * groupSize < end; group++) {
      const first = group * groupSize;
      for (let row = 0; row < rows; row++) {
        const members = weight.subarray(row * columns, (row + 1) * columns)
          .subarray(first, first + groupSize);
        const grid = rowGrids?.[row] ??
          weightGrid(members, options, options.range ?? "minmax", name);
        scale[row * groups + group] = grid.scale;
        zeroPoint[row * groups + group] = grid.zeroPoint;
      }
    }
    const block = { rows, columns, first: start, end, errorStride: blockSize };
    algebra.roundColumns(weight, factor, grids, { codes, errors, losses }, block);
    passOn(weight, errors, factor, block, algebra, () => onStep(start / columns));
  }
  const loss = losses.reduce((sum, each) => sum + each, 0);
  require(
    Number.isFinite(loss),
    `quantize ${name}`,
    "the errors that columns pass on must stay finite, their loss too",
    loss,
  );
  return { codes, scale, zeroPoint, loss };
}

/**
 * Subtracts the errors of the columns `first` to `end` from all columns behind them, each in proportion to its
 * row of the factor.
 *
 * @param onStep Called for every tile of columns.
 */
export function passOn(
  weight: Float64Array,
  errors: Float64Array,
  factor: Float64Array,
  block: Omit<ProductPart, "left" | "right">,
  algebra: WideAlgebra,
  onStep: () => void = () => {},
): void {
  const { columns, end } = block;
  for (let left = end; left < columns; left += TILE) {
    onStep();
    const right = Math.min(left + TILE, columns);
    algebra.subtractProduct(weight, errors, factor, { ...block, left, right });
  }
}
