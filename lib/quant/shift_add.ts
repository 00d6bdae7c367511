import { require, type Step } from "../core/mod.ts";
import {
  type BinaryMatrix,
  binaryMatrix,
  decodePowers,
  encodeFloats,
  encodePowers,
  type StoredMatrix,
  type Triangle,
  triangleRow,
  triangleSize,
} from "../format/mod.ts";
import { type BinaryTable, binaryTable, fitBinaryCode, nearestPlace } from "./binary_code.ts";
import { requireBits, requireChoice } from "./checks.ts";
import { columnScales, rescaleHessian, scaleColumns } from "./column_scales.ts";
import { passOn } from "./compensate.ts";
import { HessianFactor, type HessianOptions, type OrderedRows } from "./hessian_factor.ts";
import { roundScale, type ScaleDtype, scaleDtypes } from "./weight_grid.ts";
import { plainAlgebra, type WideAlgebra } from "./wide_algebra.ts";

/** How ShiftAddLLM quantizes a weight matrix. */
export interface ShiftAddOptions extends HessianOptions {
  /** Binary digits of a weight, 2..8. */
  bits: number;
  /**
   * What has factors of its own: `groupSize` rows of one column (the authors' acc.), or eight columns by an eighth
   * of `groupSize` rows (lat.).
   */
  tiles: "columns" | "blocks";
  /** Weights that share factors; as many as a column has where it is "column". */
  groupSize: number | "column";
  /** Rounds of refinement, 1 or more. */
  rounds: number;
  /** Powers of two that a factor is the sum of, 1 or more. */
  powers: number;
  /** Whether columns are brought to a scale first, which costs a divisor for each. */
  rescale: boolean;
  /** What divisors are stored as; F32 unless given. */
  floatDtype?: ScaleDtype;
}

/** What ShiftAddLLM makes of a weight matrix. */
export interface ShiftAddResult {
  weight: BinaryMatrix;
  /** The sum over all weights of error^2 / (2 d^2), d being the diagonal of the inverse's factor. */
  loss: number;
}

/** Columns of a block. */
const eight = 8;

/** Columns that are rounded before their errors are passed on to all behind them; a multiple of eight. */
const blockSize = 64;

/**
 * ShiftAddLLM (You et al. 2024) of the matrices that read the same inputs, as GATECH-EIC/ShiftAddLLM computes it:
 * weights are sums of factors with signs, found one column after the other as in GPTQ, and factors sums of powers
 * of two. Without the random rotation of weights that its acc. variant has, after which maps would multiply again.
 * Dispose of it when done.
 */
export class ShiftAddFactor implements Disposable {
  /** Of all matrices; each has its own where columns are rescaled. */
  readonly #common?: HessianFactor;

  /**
   * @param hessian The upper triangle of the Hessian, row after row.
   * @param name What errors call the matrix.
   * @throws {InputError} If options do not fit, or the Hessian is not finite or, damped, not positive definite.
   */
  constructor(
    readonly hessian: Triangle,
    readonly options: ShiftAddOptions,
    name = "weight",
    onStep: Step = () => {},
    readonly algebra: WideAlgebra = plainAlgebra,
  ) {
    requireOptions(options, triangleSize(hessian.length), name);
    if (!options.rescale) this.#common = this.#factor(hessian, name, onStep);
  }

  /**
   * Quantizes a matrix that reads the inputs of the Hessian.
   *
   * @param weight `[rows, columns]`, i.e. `[out, in]`.
   * @throws {InputError} If the shape does not fit, tiles do not divide it, or a weight is not finite.
   */
  quantize(weight: StoredMatrix, name = "weight", onStep: Step = () => {}): ShiftAddResult {
    if (this.#common) return this.#quantizeBy(this.#common, weight, undefined, name, onStep);
    const { floatDtype } = this.options;
    const divisors = columnScales(this.hessian, weight, name)
      .map((scale) => roundScale(scale, floatDtype));
    const rescaled = rescaleHessian(this.hessian, divisors);
    using own = this.#factor(rescaled, name, (share) => onStep(share / 2));
    return this.#quantizeBy(own, weight, divisors, name, (share) => onStep((1 + share) / 2));
  }

  #factor(hessian: Triangle, name: string, onStep: Step): HessianFactor {
    const { options, algebra } = this;
    const together = options.tiles === "blocks" ? eight : 1;
    return new HessianFactor(hessian, options, name, onStep, algebra, together);
  }

  #quantizeBy(
    factor: HessianFactor,
    weight: StoredMatrix,
    divisors: Float32Array | undefined,
    name: string,
    onStep: Step,
  ): ShiftAddResult {
    const { bits, tiles, powers, floatDtype = "F32" } = this.options;
    const { rows, columns } = weight;
    const rowsTogether = this.#rowsTogether(rows, name);
    const columnsTogether = tiles === "blocks" ? eight : 1;
    const found = {
      codes: new Uint8Array(rows * columns),
      factors: new Float64Array(rows * columns * bits / (rowsTogether * columnsTogether)),
    };
    const tiling = { ...this.options, rowsTogether, columnsTogether };
    let loss = 0;
    for (const part of factor.rowsOf(weight, { name, multiple: rows })) {
      if (divisors) scaleColumns(part.ordered, factor.order, divisors);
      loss = roundColumns(factor, part, tiling, found, onStep);
    }
    const matrix = binaryMatrix({
      ...{ rows, columns, bits, powers, rowsTogether, columnsTogether, ...found, name },
      divisors: divisors && encodeFloats(divisors, floatDtype),
    });
    return { weight: matrix, loss };
  }

  #rowsTogether(rows: number, name: string): number {
    const { tiles, groupSize } = this.options;
    const weights = groupSize === "column" ? rows : groupSize;
    const together = tiles === "blocks" ? weights / eight : weights;
    const divides = Number.isInteger(together) && together > 0 && Number.isInteger(rows / together);
    const rule = tiles === "blocks"
      ? `an eighth of groupSize must divide its ${rows} rows`
      : `groupSize must divide its ${rows} rows`;
    require(divides, `quantize ${name}`, rule, weights);
    return together;
  }

  [Symbol.dispose](): void {
    this.#common?.[Symbol.dispose]();
  }
}

function requireOptions(options: ShiftAddOptions, columns: number, name: string): void {
  const { bits, tiles, rounds, powers, rescale, floatDtype = "F32" } = options;
  const action = `quantize ${name}`;
  requireBits(bits, name);
  requireChoice(tiles, ["columns", "blocks"], "tiles", name);
  requireChoice(rescale, [true, false], "rescale", name);
  requireChoice(floatDtype, scaleDtypes, "floatDtype", name);
  for (const [setting, count] of Object.entries({ rounds, powers })) {
    const isCount = Number.isInteger(count) && count > 0;
    require(isCount, action, `${setting} must be a positive integer`, count);
  }
  const fits = tiles === "columns" || Number.isInteger(columns / eight);
  require(fits, action, `blocks of ${eight} must divide its columns`, columns);
}

/** How a matrix is in tiles that have factors of their own. */
interface Tiling extends ShiftAddOptions {
  rowsTogether: number;
  columnsTogether: number;
}

/** What {@linkcode roundColumns} finds, columns as they were. */
interface FoundCodes {
  /** `[rows, columns]` */
  codes: Uint8Array;
  /** `[columns / columnsTogether, rows / rowsTogether, bits]` */
  factors: Float64Array;
}

/** Rounds the columns of a matrix one after the other, later ones making up for earlier ones. */
function roundColumns(
  { order, columns, triangle, algebra }: HessianFactor,
  { ordered, rows }: OrderedRows,
  tiling: Tiling,
  { codes, factors }: FoundCodes,
  onStep: Step,
): number {
  const { bits, rowsTogether, columnsTogether } = tiling;
  const groups = rows / rowsTogether;
  using held = algebra.take(rows * blockSize);
  const errors = held.values;
  let tables: BinaryTable[] = [];
  let loss = 0;
  for (let first = 0; first < columns; first += blockSize) {
    onStep(first / columns);
    const end = Math.min(first + blockSize, columns);
    const block = { rows, columns, first, end, errorStride: blockSize };
    for (let column = first; column < end; column++) {
      if (column % columnsTogether === 0) {
        const fitted = fitTiles(ordered, columns, column, groups, tiling);
        const tile = Math.floor(order[column] / columnsTogether);
        fitted.forEach((own, group) => factors.set(own, (tile * groups + group) * bits));
        tables = fitted.map(binaryTable);
      }
      const line = triangleRow(column, columns);
      const diagonal = triangle[line + column];
      for (let row = 0; row < rows; row++) {
        const at = row * columns;
        const table = tables[Math.floor(row / rowsTogether)];
        const place = nearestPlace(ordered[at + column], table);
        const error = (ordered[at + column] - table.values[place]) / diagonal;
        for (let later = column + 1; later < end; later++) {
          ordered[at + later] -= error * triangle[line + later];
        }
        errors[row * blockSize + column - first] = error;
        codes[at + order[column]] = table.codes[place];
        loss += error * error / 2;
      }
    }
    passOn(ordered, errors, triangle, block, algebra);
  }
  return loss;
}

/** The factors of all tiles that begin with a column, from the first rows down. */
function fitTiles(
  ordered: Float64Array,
  columns: number,
  column: number,
  groups: number,
  { bits, rounds, powers, rowsTogether, columnsTogether }: Tiling,
): Float64Array[] {
  const bytes = new Uint8Array(powers);
  const round = (factor: number) => {
    encodePowers(factor, bytes);
    return decodePowers(bytes);
  };
  const values = new Float64Array(rowsTogether * columnsTogether);
  return Array.from({ length: groups }, (_, group) => {
    for (let i = 0; i < values.length; i++) {
      const row = group * rowsTogether + Math.floor(i / columnsTogether);
      values[i] = ordered[row * columns + column + i % columnsTogether];
    }
    return fitBinaryCode(values, { bits, rounds, round });
  });
}
