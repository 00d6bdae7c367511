import { refuse, require, type Step } from "../core/mod.ts";
import { type AffineMatrix, affineMatrix } from "../format/mod.ts";
import { requireChoice } from "./checks.ts";
import { compensate } from "./compensate.ts";
import { weightGrouping } from "./grouping.ts";
import { inverseFactor } from "./inverse_factor.ts";
import { type WeightFormat, weightGrid } from "./weight_grid.ts";

/** How GPTQ quantizes a weight matrix. */
export interface GptqOptions extends WeightFormat {
  /** Quantize columns in the order of decreasing Hessian diagonal. */
  actOrder: boolean;
  /** Columns whose error is spread to the later blocks at once. */
  blockSize?: number;
  /** Damping: this part of the mean diagonal is added to the diagonal. */
  percdamp?: number;
}

/** What GPTQ makes of a weight matrix. */
export interface GptqResult {
  weight: AffineMatrix;
  /** With actOrder: the column quantized first, second, ... */
  permutation?: Int32Array;
  /** The sum over all weights of error^2 / (2 d^2), d being the diagonal of the inverse's factor. */
  loss: number;
}

/**
 * GPTQ (Frantar et al. 2023, alg. 1): quantizes column by column and lets the columns to come make
 * up for the error of each.
 *
 * The Hessian of a layer with inputs x is `H = (2 / n) * sum of x x^T` over all tokens of n calibration
 * sequences; a common factor changes neither codes nor scales, only the loss. Columns that were never
 * active (zero diagonal) are set to zero. As in the reference code a whole row's grid is that of its
 * weights as they were, never active ones included; groups count columns in the order in which they
 * are quantized, and their grids see zeroed columns and the compensation of finished blocks.
 *
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param hessian `[columns, columns]`, symmetric; left as it is.
 * @param name What errors call the matrix.
 * @param onStep Called many times a second, unless the matrix is huge.
 * @throws {InputError} If shapes or options do not fit, a weight or the Hessian is not finite, a range
 * is wider than float32 reaches, or the damped Hessian is not positive definite.
 */
export function gptq(
  weight: Float32Array,
  hessian: Float32Array | Float64Array,
  options: GptqOptions,
  name = "weight",
  onStep: Step = () => {},
): GptqResult {
  const action = `quantize ${name}`;
  const { blockSize = 128, percdamp = 0.01, actOrder, bits } = options;
  const columns = Math.sqrt(hessian.length);
  require(Number.isInteger(columns), action, "the Hessian must be square", hessian.length);
  const rows = weight.length / columns;
  const { groupSize, groups } = weightGrouping(weight, rows, columns, options, name);
  require(
    Number.isInteger(blockSize) && blockSize > 0,
    action,
    "blockSize must be a positive integer",
    blockSize,
  );
  requireChoice(actOrder, [true, false], "actOrder", name);
  const isPart = Number.isFinite(percdamp) && percdamp >= 0;
  require(isPart, action, "percdamp must be a number of at least 0", percdamp);
  let rest = 0; // NaN once an element is not finite
  for (let i = 0; i < hessian.length; i++) rest += hessian[i] - hessian[i];
  if (rest !== 0) refuse(action, "the Hessian must be finite", hessian.find((h) => !isFinite(h)));

  const diagonal = Float64Array.from({ length: columns }, (_, i) => hessian[i * columns + i]);
  const order = quantizationOrder(diagonal, actOrder);
  const factor = dampedFactor(hessian, diagonal, order, percdamp, action, onStep);
  const ordered = Float64Array.from(weight, (_, i) => {
    const column = order[i % columns];
    return diagonal[column] === 0 ? 0 : weight[i - i % columns + column];
  });
  const rowGrids = options.groupSize !== "row" ? undefined : Array.from(
    { length: rows },
    (_, row) => {
      const own = weight.subarray(row * columns, (row + 1) * columns);
      return weightGrid(own, options, "minmax", name);
    },
  );
  const { codes, scale, zeroPoint, loss } = compensate(ordered, factor, {
    ...options,
    rows,
    columns,
    groupSize,
    groups,
    blockSize: Math.min(blockSize, columns),
    rowGrids,
    name,
  }, (share) => onStep((1 + share) / 2));

  const rank = new Int32Array(columns);
  order.forEach((column, position) => rank[column] = position);
  const quantized = affineMatrix({
    ...{ rows, columns, bits },
    codes: codes.map((_, i) => codes[i - i % columns + rank[i % columns]]),
    scale,
    zeroPoint,
    groupIndex: rank.map((position) => Math.floor(position / groupSize)),
    name,
  });
  return { weight: quantized, ...(actOrder && { permutation: order }), loss };
}

/** The columns in the order in which they are quantized; never active ones rank as if H were 1. */
function quantizationOrder(diagonal: Float64Array, actOrder: boolean): Int32Array {
  const order = Int32Array.from(diagonal, (_, i) => i);
  const activity = diagonal.map((value) => value || 1);
  return actOrder ? order.sort((a, b) => activity[b] - activity[a] || b - a) : order;
}

/** The factor of the inverse of the Hessian, its columns in `order`, after damping. */
function dampedFactor(
  hessian: Float32Array | Float64Array,
  diagonal: Float64Array,
  order: Int32Array,
  percdamp: number,
  action: string,
  onStep: Step,
): Float64Array {
  const columns = order.length;
  const damping = percdamp * diagonal.reduce((sum, value) => sum + (value || 1), 0) / columns;
  const factor = Float64Array.from(
    hessian,
    (_, i) => hessian[order[Math.floor(i / columns)] * columns + order[i % columns]],
  );
  for (let i = 0; i < columns; i++) {
    factor[i * columns + i] = (diagonal[order[i]] || 1) + damping;
  }
  const failure = inverseFactor(factor, columns, (share) => onStep(share / 2));
  if (failure) {
    refuse(
      action,
      `the damped Hessian's pivot ${
        order[failure.column]
      } must be positive (raise the damping, percdamp)`,
      failure.pivot,
    );
  }
  return factor;
}
