import { require, type Step } from "../core/mod.ts";
import {
  type AffineMatrix,
  affineMatrix,
  encodeFloats,
  type StoredMatrix,
  type Triangle,
} from "../format/mod.ts";
import { compensate } from "./compensate.ts";
import { formatGrouping, requireRange } from "./grouping.ts";
import { HessianFactor, type HessianOptions } from "./hessian_factor.ts";
import { type WeightFormat, type WeightGrid, weightGrid, type WeightRange } from "./weight_grid.ts";
import { plainAlgebra, type WideAlgebra } from "./wide_algebra.ts";

/** How GPTQ quantizes a weight matrix. */
export interface GptqOptions extends WeightFormat, HessianOptions {
  /** Columns whose error is spread to the later blocks at once. */
  blockSize?: number;
  /** How the range of a group is chosen; `minmax` unless given. */
  range?: WeightRange;
}

/** What GPTQ makes of a weight matrix. */
export interface GptqResult {
  weight: AffineMatrix;
  /** With actOrder: the column quantized first, second, ... */
  permutation?: Int32Array;
  /** The sum over all weights of error^2 / (2 d^2), d being the diagonal of the inverse's factor. */
  loss: number;
}

/** GPTQ of the matrices that read the same inputs. Dispose of it when done. */
export class GptqFactor implements Disposable {
  readonly #hessian: HessianFactor;

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
    algebra: WideAlgebra = plainAlgebra,
  ) {
    const { blockSize = 128 } = options;
    formatGrouping(1, options, name);
    requireRange(options.range ?? "minmax", options, name);
    const isCount = Number.isInteger(blockSize) && blockSize > 0;
    require(isCount, `quantize ${name}`, "blockSize must be a positive integer", blockSize);
    this.#hessian = new HessianFactor(hessian, options, name, onStep, algebra);
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
    const { options } = this;
    const { bits, blockSize = 128, actOrder } = options;
    const { order, columns, rank, algebra, triangle } = this.#hessian;
    const { rows } = weight;
    const { groupSize, groups } = formatGrouping(columns, options, name);
    const codes = new Uint8Array(rows * columns);
    const scale = new Float32Array(rows * groups);
    const zeroPoint = new Uint8Array(scale.length);
    let loss = 0;
    for (const { ordered, values, first, rows: count } of this.#hessian.rowsOf(weight, { name })) {
      const found = compensate(
        ordered,
        triangle,
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

  [Symbol.dispose](): void {
    this.#hessian[Symbol.dispose]();
  }
}

/** The grids of whole rows. */
function rowGridsOf(
  values: Float32Array,
  columns: number,
  { range = "minmax", ...format }: Pick<GptqOptions, "range"> & WeightFormat,
  name: string,
): WeightGrid[] {
  return Array.from({ length: values.length / columns }, (_, row) => {
    const own = values.subarray(row * columns, (row + 1) * columns);
    return weightGrid(own, format, range, name);
  });
}
