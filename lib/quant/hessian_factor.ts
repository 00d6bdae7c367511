import { counted, refuse, require, type Step } from "../core/mod.ts";
import {
  type StoredMatrix,
  type Triangle,
  triangleLength,
  triangleRow,
  triangleSize,
} from "../format/mod.ts";
import { requireChoice, requireFinite, requireFiniteHessian } from "./checks.ts";
import { plainAlgebra, type WideAlgebra, type WideNumbers } from "./wide_algebra.ts";

/** How a Hessian is made ready. */
export interface HessianOptions {
  /** Quantize columns in the order of decreasing Hessian diagonal. */
  actOrder: boolean;
  /** Damping: this part of the mean diagonal is added to the diagonal; 0.01 unless given. */
  percdamp?: number;
}

/** Some rows of a matrix that is being quantized. */
export interface OrderedRows {
  /** `[rows, columns]`, the columns in the order of quantization, never active ones 0; may be overwritten. */
  ordered: Float64Array;
  /** `[rows, columns]` as they were; decoded over by the next. */
  values: Float32Array;
  /** The number of the first, and how many there are. */
  first: number;
  rows: number;
}

/** How a matrix is taken row by row. */
export interface RowsTogether {
  /** The rows come in multiples of this many, the last ones excepted; 1 unless given. */
  multiple?: number;
  /** What errors call the matrix. */
  name: string;
}

/** Weights that are quantized together, in float64: rows do not depend on each other. */
const weightsTogether = 2 ** 22;

/**
 * What methods that let columns make up for each other's errors (GPTQ and those after it) read of the inputs
 * of linear maps: the factor of the inverse Hessian, and the order of the columns. The matrices that read the
 * same inputs have it in common. Dispose of it when done.
 */
export class HessianFactor implements Disposable {
  readonly columns: number;
  /** The column that is quantized first, second, ... */
  readonly order: Int32Array;
  /** Columns that were never active. */
  readonly #isDead: Uint8Array;
  /** The upper triangle of U with `H^-1 = U^T U`, H being damped and its columns in order. */
  readonly #factor: WideNumbers;

  /**
   * @param hessian The upper triangle of the Hessian, row after row.
   * @param name What errors call the matrix.
   * @param onStep Hears how much of the factor is done.
   * @param together Columns that stay side by side, as many each time: they are ordered by the sum of their
   *   diagonal.
   * @throws {InputError} If options do not fit, or the Hessian is not finite or, damped, not positive definite.
   */
  constructor(
    hessian: Triangle,
    { actOrder, percdamp = 0.01 }: HessianOptions,
    name = "weight",
    onStep: Step = () => {},
    readonly algebra: WideAlgebra = plainAlgebra,
    together = 1,
  ) {
    const action = `quantize ${name}`;
    const columns = triangleSize(hessian.length);
    require(Number.isInteger(columns), action, "the Hessian must be a triangle", hessian.length);
    requireChoice(actOrder, [true, false], "actOrder", name);
    const isPart = Number.isFinite(percdamp) && percdamp >= 0;
    require(isPart, action, "percdamp must be a number of at least 0", percdamp);
    requireFiniteHessian(hessian, action);

    const diagonal = Float64Array.from(
      { length: columns },
      (_, i) => hessian[triangleRow(i, columns) + i],
    );
    this.columns = columns;
    this.#isDead = Uint8Array.from(diagonal, (value) => value === 0 ? 1 : 0);
    this.order = quantizationOrder(diagonal, actOrder, together);
    using made = new DisposableStack();
    this.#factor = made.use(algebra.take(triangleLength(columns)));
    copyDamped(hessian, diagonal, this.order, percdamp, this.#factor.values);
    const failure = algebra.inverseFactor(this.#factor.values, columns, onStep);
    if (failure) {
      const pivot = this.order[failure.column];
      const rule =
        `the damped Hessian's pivot ${pivot} must be positive (raise the damping, percdamp)`;
      refuse(action, rule, failure.pivot);
    }
    made.move();
  }

  /** The upper triangle of the factor, row after row: of what {@linkcode algebra} works on. */
  get triangle(): Float64Array {
    return this.#factor.values;
  }

  /** The diagonal of the factor, `[columns]`. */
  get diagonal(): Float64Array {
    const { columns, triangle } = this;
    return Float64Array.from(
      { length: columns },
      (_, i) => triangle[triangleRow(i, columns) + i],
    );
  }

  /** The place of each column in the order of quantization. */
  get rank(): Int32Array {
    const rank = new Int32Array(this.columns);
    this.order.forEach((column, position) => rank[column] = position);
    return rank;
  }

  /**
   * Takes a matrix that reads the inputs of the Hessian, some rows at a time.
   *
   * @param weight `[rows, columns]`, i.e. `[out, in]`.
   * @throws {InputError} If the matrix has other columns or a weight is not finite.
   */
  *rowsOf(weight: StoredMatrix, { multiple = 1, name }: RowsTogether): Generator<OrderedRows> {
    const { columns, algebra } = this;
    const { rows } = weight;
    const rule = `it must have the ${counted(columns, "column")} of the Hessian`;
    require(weight.columns === columns, `quantize ${name}`, rule, weight.columns);
    const most = Math.max(1, Math.floor(weightsTogether / columns / multiple)) * multiple;
    const together = Math.min(rows, most);
    using held = algebra.take(together * columns);
    const decoded = new Float32Array(held.values.length);
    for (let first = 0; first < rows; first += together) {
      const count = Math.min(together, rows - first);
      const values = decoded.subarray(0, count * columns);
      weight.decode(first, values);
      requireFinite(values, name, first * columns);
      const ordered = held.values.subarray(0, values.length);
      this.#inOrder(values, ordered);
      yield { ordered, values, first, rows: count };
    }
  }

  /** Whole rows, their columns in the order of quantization and never active ones 0. */
  #inOrder(values: Float32Array, into: Float64Array): void {
    const { columns, order } = this;
    for (let start = 0; start < values.length; start += columns) {
      for (let position = 0; position < columns; position++) {
        const column = order[position];
        into[start + position] = this.#isDead[column] ? 0 : values[start + column];
      }
    }
  }

  [Symbol.dispose](): void {
    this.#factor[Symbol.dispose]();
  }
}

/** The columns in the order in which they are quantized; never active ones rank as if H were 1. */
function quantizationOrder(
  diagonal: Float64Array,
  actOrder: boolean,
  together: number,
): Int32Array {
  const order = Int32Array.from(diagonal, (_, i) => i);
  if (!actOrder) return order;
  const activity = new Float64Array(Math.ceil(diagonal.length / together));
  diagonal.forEach((value, i) => activity[Math.floor(i / together)] += value || 1);
  const set = (column: number) => Math.floor(column / together);
  return order.sort((a, b) =>
    set(a) === set(b) ? a - b : activity[set(b)] - activity[set(a)] || b - a
  );
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
