import { require, type Step } from "../core/mod.ts";
import {
  type BilevelMatrix,
  bilevelMatrix,
  type SparseMatrix,
  sparseMatrix,
  type StoredMatrix,
  triangleRow,
} from "../format/mod.ts";
import { requireBits, requireChoice } from "./checks.ts";
import { passOn } from "./compensate.ts";
import { formatGrouping } from "./grouping.ts";
import type { HessianFactor, HessianOptions } from "./hessian_factor.ts";
import {
  rangeOfInliers,
  rangeWithout,
  requireSpqrGrid,
  spqrCode,
  type SpqrGrid,
  spqrValue,
} from "./spqr_grid.ts";
import { SpqrStatistics, type StatisticsOptions } from "./spqr_statistics.ts";
import { roundScale, scaleDtypes } from "./weight_grid.ts";

/** How SpQR quantizes a weight matrix. */
export interface SpqrOptions extends HessianOptions, StatisticsOptions {
  /** Columns of a row that share a grid, in the order of quantization; the last group may be shorter. */
  groupSize: number;
  /**
   * Weights whose squared error, divided by the squared diagonal of the inverse's factor, is greater than this
   * share of the mean variance of columns, so divided, are kept as outliers.
   */
  outlierThreshold: number;
  /** Whether likely outliers are found one by one before a grid is fitted to the others; yes unless given. */
  leaveOneOut?: boolean;
}

/** What SpQR makes of a weight matrix: the sum of both. */
export interface SpqrResult {
  base: BilevelMatrix;
  /** What outliers are more than the base has in their places. */
  outliers: SparseMatrix;
  /** Above which squared error a weight is an outlier. */
  threshold: number;
}

/** Columns that are rounded before their errors are passed on to all behind them. */
const blockSize = 64;

/**
 * SpQR (Dettmers et al. 2023, alg. 1) as Vahe1994/SpQR computes it: GPTQ in small groups whose scales and zero
 * points are quantized in their turn, and which keeps the weights that cost most as they are.
 *
 * On purpose it differs from that code: the weights of a group that are all the same, or the scales or zero
 * points of a group of rows, get a grid that has their value.
 *
 * @param factor Of the inputs that the matrix reads.
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param name What errors call the matrix.
 * @throws {InputError} If an option or the shape does not fit, a weight is not finite, or a range is wider than
 *   float32 reaches.
 */
export function spqr(
  factor: HessianFactor,
  weight: StoredMatrix,
  options: SpqrOptions,
  name = "weight",
  onStep: Step = () => {},
): SpqrResult {
  const { bits, statisticsGroupSize: together } = options;
  const { columns, order, rank, diagonal, triangle, algebra } = factor;
  const { rows } = weight;
  const { groupSize, groups } = checked(options, rows, columns, name);
  const threshold = options.outlierThreshold * meanVariance(factor, weight, name);
  const codes = new Uint8Array(rows * columns);
  const corrections = new Float32Array(rows * columns);
  const statistics = new SpqrStatistics(rows, groups, options);
  for (const part of factor.rowsOf(weight, { name, multiple: together })) {
    const { ordered, first, rows: count } = part;
    const width = Math.min(blockSize, groupSize);
    using held = algebra.take(count * width);
    const errors = held.values;
    for (let group = 0; group < groups; group++) {
      onStep((first + count * group / groups) / rows);
      const start = group * groupSize;
      const groupEnd = Math.min(start + groupSize, columns);
      for (let row = 0; row < count; row++) {
        const at = row * columns;
        const own = new Float32Array(ordered.subarray(at + start, at + groupEnd));
        const range = options.leaveOneOut ?? true
          ? rangeOfInliers(own, diagonal.subarray(start, groupEnd), 2 ** bits - 1, threshold)
          : rangeWithout(own);
        requireSpqrGrid(range, 2 ** bits - 1, name);
        statistics.fit(first + row, group, range);
      }
      statistics.quantize(first, count, group);
      for (let left = start; left < groupEnd; left += width) {
        const end = Math.min(left + width, groupEnd);
        const block = { rows: count, columns, first: left, end, errorStride: width };
        for (let row = 0; row < count; row++) {
          const grid = statistics.gridOf(first + row, group);
          roundRow(
            ordered.subarray(row * columns + left, row * columns + end),
            { grid, triangle, columns, left, threshold, ...options },
            errors.subarray(row * width),
            (offset, code, correction) => {
              const place = (first + row) * columns + order[left + offset];
              codes[place] = code;
              corrections[place] = correction;
            },
          );
        }
        passOn(ordered, errors, triangle, block, algebra);
      }
    }
  }
  const base = bilevelMatrix({
    ...{ rows, columns, bits, codes, name, ...statistics.stored(name) },
    groupIndex: rank.map((position) => Math.floor(position / groupSize)),
  });
  const dtype = options.floatDtype ?? "F32";
  return { base, outliers: sparseMatrix(corrections, rows, columns, { dtype, name }), threshold };
}

function checked(options: SpqrOptions, rows: number, columns: number, name: string) {
  const { bits, groupSize, statisticsBits, statisticsGroupSize, outlierThreshold } = options;
  const { leaveOneOut = true, roundZeroPoint = false, floatDtype = "F32" } = options;
  const action = `quantize ${name}`;
  const grouping = formatGrouping(columns, { bits, groupSize, symmetric: false }, name);
  if (statisticsBits !== undefined) requireBits(statisticsBits, name);
  const divides = Number.isInteger(statisticsGroupSize) && statisticsGroupSize > 0 &&
    rows % statisticsGroupSize === 0;
  const rule = `statisticsGroupSize must divide its ${rows} rows`;
  require(divides, action, rule, statisticsGroupSize);
  const isShare = outlierThreshold > 0 && outlierThreshold < Infinity;
  require(isShare, action, "outlierThreshold must be greater than 0", outlierThreshold);
  requireChoice(leaveOneOut, [true, false], "leaveOneOut", name);
  requireChoice(roundZeroPoint, [true, false], "roundZeroPoint", name);
  requireChoice(floatDtype, scaleDtypes, "floatDtype", name);
  return grouping;
}

/** The mean over columns of their variance, divided by the squared diagonal of the factor. */
function meanVariance(factor: HessianFactor, weight: StoredMatrix, name: string): number {
  const { columns, diagonal } = factor;
  const sums = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (const { ordered } of factor.rowsOf(weight, { name })) {
    for (let start = 0; start < ordered.length; start += columns) {
      for (let i = 0; i < columns; i++) {
        sums[i] += ordered[start + i];
        squares[i] += ordered[start + i] ** 2;
      }
    }
  }
  const { rows } = weight;
  const variances = squares.map((square, i) => (square - sums[i] ** 2 / rows) / (rows - 1));
  return variances.reduce((sum, each, i) => sum + each / diagonal[i] ** 2, 0) / columns;
}

/** What rounds one row of a block. */
interface RowRounding extends Pick<SpqrOptions, "bits" | "floatDtype"> {
  grid: SpqrGrid;
  triangle: Float64Array;
  columns: number;
  /** The first column of the block. */
  left: number;
  threshold: number;
}

/**
 * Rounds the weights of a row one after the other, later ones making up for earlier ones.
 *
 * @param weights Overwritten.
 * @param errors What each loses, divided by its diagonal element: written.
 * @param keep Hears place, code, and what an outlier is more than that.
 */
function roundRow(
  weights: Float64Array,
  { grid, triangle, columns, left, threshold, bits, floatDtype }: RowRounding,
  errors: Float64Array,
  keep: (offset: number, code: number, correction: number) => void,
): void {
  const codeMax = 2 ** bits - 1;
  for (let i = 0; i < weights.length; i++) {
    const line = triangleRow(left + i, columns) + left;
    const d = triangle[line + i];
    const weight = weights[i];
    let code = spqrCode(Math.fround(weight), grid, codeMax);
    let value = spqrValue(code, grid);
    let correction = 0;
    if (((weight - value) / d) ** 2 > threshold) {
      code = spqrCode(0, grid, codeMax);
      const base = spqrValue(code, grid);
      correction = roundScale(weight - base, floatDtype);
      value = Math.fround(base + correction);
    }
    const error = (weight - value) / d;
    for (let later = i + 1; later < weights.length; later++) {
      weights[later] -= error * triangle[line + later];
    }
    errors[i] = error;
    keep(i, code, correction);
  }
}
