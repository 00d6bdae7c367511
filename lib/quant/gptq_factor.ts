import { counted, refuse, require, type Step } from "../core/mod.ts";
import {
  type AffineMatrix,
  affineMatrix,
  encodeFloats,
  type StoredMatrix,
  type Triangle,
  triangleLength,
  triangleRow,
  triangleSize,
} from "../format/mod.ts";
import { requireChoice, requireFinite, requireFiniteHessian } from "./checks.ts";
import { compensate } from "./compensate.ts";
import { formatGrouping } from "./grouping.ts";
import { type WeightFormat, type WeightGrid, weightGrid } from "./weight_grid.ts";
import { plainAlgebra, type WideAlgebra, type WideNumbers } from "./wide_algebra.ts";

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

/** Weights that are quantized together, in float64: rows do not depend on each other. */
const weightsTogether = 2 ** 22;

/**
 * What GPTQ makes of a Hessian: all that the matrices that read the same inputs have in common. Dispose of it
 * when done.
 */
export class GptqFactor implements Disposable {
  readonly #columns: number;
  /** The column that is quantized first, second, ... */
  readonly #order: Int32Array;
  /** Those that were never active. */
  readonly #isDead: Uint8Array;
  /** The upper triangle of U with `H^-1 = U^T U`, H being damped and its columns in order. */
  readonly #factor: WideNumbers;

  /**
   * @param hessian The upper triangle of the Hessian, row after row.
   * @param name What errors call the matrix.
   * @param onStep Hears how much of the factor is done.
   * @throws {InputError} If options do not fit, or the Hessian is not finite or, damped, not positive definite.
   */
  constructor(
    hessian: Triangle,
    readonly options: GptqOptions,
    name = "weight",
    onStep: Step = () => {},
    readonly algebra: WideAlgebra = plainAlgebra,
  ) {
    const action = `quantize ${name}`;
    const { blockSize = 128, percdamp = 0.01, actOrder } = options;
    const columns = triangleSize(hessian.length);
    require(Number.isInteger(columns), action, "the Hessian must be a triangle", hessian.length);
    formatGrouping(columns, options, name);
    const isCount = Number.isInteger(blockSize) && blockSize > 0;
    require(isCount, action, "blockSize must be a positive integer", blockSize);
    requireChoice(actOrder, [true, false], "actOrder", name);
    const isPart = Number.isFinite(percdamp) && percdamp >= 0;
    require(isPart, action, "percdamp must be a number of at least 0", percdamp);
    requireFiniteHessian(hessian, action);

    const diagonal = Float64Array.from(
      { length: columns },
      (_, i) => hessian[triangleRow(i, columns) + i],
    );
    this.#columns = columns;
    this.#isDead = Uint8Array.from(diagonal, (value) => value === 0 ? 1 : 0);
    this.#order = quantizationOrder(diagonal, actOrder);
    using made = new DisposableStack();
    this.#factor = made.use(algebra.take(triangleLength(columns)));
    copyDamped(hessian, diagonal, this.#order, percdamp, this.#factor.values);
    const failure = algebra.inverseFactor(this.#factor.values, columns, onStep);
    if (failure) {
      const pivot = this.#order[failure.column];
      const rule =
        `the damped Hessian's pivot ${pivot} must be positive (raise the damping, percdamp)`;
      refuse(action, rule, failure.pivot);
    }
    made.move();
  }

  /**
   * Quantizes a matrix that reads the inputs of the Hessian, some rows at a time.
   *
   * @param weight `[rows, columns]`, i.e. `[out, in]`.
   * @param name What errors call the matrix.
   * @throws {InputError} If the shape does not fit, a weight is not finite, or a range is wider than float32
   *   reaches.
   */
  quantize(weight: StoredMatrix, name = "weight", onStep: Step = () => {}): GptqResult {
    const { options, algebra } = this;
    const { bits, blockSize = 128, actOrder } = options;
    const [order, columns] = [this.#order, this.#columns];
    const { rows } = weight;
    const rule = `it must have the ${counted(columns, "column")} of the Hessian`;
    require(weight.columns === columns, `quantize ${name}`, rule, weight.columns);
    const { groupSize, groups } = formatGrouping(columns, options, name);
    const rank = new Int32Array(columns);
    order.forEach((column, position) => rank[column] = position);

    const together = Math.min(rows, Math.max(1, Math.floor(weightsTogether / columns)));
    using held = algebra.take(together * columns);
    const decoded = new Float32Array(held.values.length);
    const codes = new Uint8Array(rows * columns);
    const scale = new Float32Array(rows * groups);
    const zeroPoint = new Uint8Array(scale.length);
    let loss = 0;
    for (let first = 0; first < rows; first += together) {
      const count = Math.min(together, rows - first);
      const values = decoded.subarray(0, count * columns);
      weight.decode(first, values);
      requireFinite(values, name, first * columns);
      const ordered = held.values.subarray(0, values.length);
      this.#inOrder(values, ordered);
      const found = compensate(
        ordered,
        this.#factor.values,
        {
          ...options,
          ...{ rows: count, columns, groupSize, groups, name },
          blockSize: Math.min(blockSize, columns),
          rowGrids: options.groupSize === "row"
            ? rowGridsOf(values, columns, options, name)
            : undefined,
        },
        (share) => onStep((first + share * count) / rows),
        algebra,
      );
      const start = first * columns;
      for (let i = 0; i < values.length; i += columns) {
        for (let column = 0; column < columns; column++) {
          codes[start + i + column] = found.codes[i + rank[column]];
        }
      }
      scale.set(found.scale, first * groups);
      zeroPoint.set(found.zeroPoint, first * groups);
      loss += found.loss;
    }
    const quantized = affineMatrix({
      ...{ rows, columns, bits, codes, zeroPoint, name },
      scale: encodeFloats(scale, options.scaleDtype ?? "F32"),
      groupIndex: rank.map((position) => Math.floor(position / groupSize)),
    });
    return { weight: quantized, ...(actOrder && { permutation: order.slice() }), loss };
  }

  /** Whole rows, their columns in the order of quantization and never active ones 0. */
  #inOrder(values: Float32Array, into: Float64Array): void {
    const columns = this.#columns;
    for (let start = 0; start < values.length; start += columns) {
      for (let position = 0; position < columns; position++) {
        const column = this.#order[position];
        into[start + position] = this.#isDead[column] ? 0 : values[start + column];
      }
    }
  }

  [Symbol.dispose](): void {
    this.#factor[Symbol.dispose]();
  }
}

/** The grids of whole rows. */
function rowGridsOf(
  values: Float32Array,
  columns: number,
  format: WeightFormat,
  name: string,
): WeightGrid[] {
  return Array.from({ length: values.length / columns }, (_, row) => {
    const own = values.subarray(row * columns, (row + 1) * columns);
    return weightGrid(own, format, "minmax", name);
  });
}

/** The columns in the order in which they are quantized; never active ones rank as if H were 1. */
function quantizationOrder(diagonal: Float64Array, actOrder: boolean): Int32Array {
  const order = Int32Array.from(diagonal, (_, i) => i);
  const activity = diagonal.map((value) => value || 1);
  return actOrder ? order.sort((a, b) => activity[b] - activity[a] || b - a) : order;
}

/** The upper triangle of the Hessian, its columns in `order`, after damping. */
function copyDamped(
  hessian: Triangle,
  diagonal: Float64Array,
  order: Int32Array,
  percdamp: number,
  into: Float64Array,
): void {
  const columns = order.length;
  const damping = percdamp * diagonal.reduce((sum, value) => sum + (value || 1), 0) / columns;
  let i = 0;
  for (let row = 0; row < columns; row++) {
    into[i++] = (diagonal[order[row]] || 1) + damping;
    for (let column = row + 1; column < columns; column++) {
      const upper = Math.min(order[row], order[column]);
      const other = Math.max(order[row], order[column]);
      into[i++] = hessian[triangleRow(upper, columns) + other];
    }
  }
}
