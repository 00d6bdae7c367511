import { affineMatrix, encodeFloats, floatMatrix, type Statistics } from "../format/mod.ts";
import { roundHalfEven } from "./rounding.ts";
import { gridBetween, rangeWithout, spqrCode, type SpqrGrid, spqrValue } from "./spqr_grid.ts";
import type { ScaleDtype } from "./weight_grid.ts";

/** How the grids of groups are stored. */
export interface StatisticsOptions {
  /** Of the codes of weights, 2..8. */
  bits: number;
  /** Of scales and of zero points, 2..8; they stay floats without. */
  statisticsBits?: number;
  /** Rows one after the other whose scales, and whose zero points, share a grid: they divide the rows. */
  statisticsGroupSize: number;
  /** Whether zero points are rounded to codes; not unless given. */
  roundZeroPoint?: boolean;
  /** What grids of grids, grids without them, and outliers are stored as; F32 unless given. */
  floatDtype?: ScaleDtype;
}

/** Codes on grids of so many each. */
interface QuantizedStatistics {
  /** `[rows / together, groups * together]` */
  codes: Uint8Array;
  /** `[rows / together, groups]`, as are the zero points. */
  scale: Float32Array;
  zeroPoint: Float32Array;
}

/** The scales, or the zero points, of all groups. */
interface Statistic {
  /** What weights are rounded by: `[rows / together, groups * together]`. */
  values: Float32Array;
  quantized?: QuantizedStatistics;
}

/** The grids of the groups of a matrix, and the grids of these. */
export class SpqrStatistics {
  readonly #scale: Statistic;
  readonly #zeroPoint: Statistic;

  /** @param groups Of a row. */
  constructor(readonly rows: number, readonly groups: number, readonly options: StatisticsOptions) {
    const { statisticsBits, statisticsGroupSize } = options;
    const room = (): Statistic => {
      const count = rows * groups;
      const values = new Float32Array(count);
      if (statisticsBits === undefined) return { values };
      const floats = () => new Float32Array(count / statisticsGroupSize);
      const codes = new Uint8Array(count);
      return { values, quantized: { codes, scale: floats(), zeroPoint: floats() } };
    };
    this.#scale = room();
    this.#zeroPoint = room();
  }

  /** Fits the grid of a group to a range. */
  fit(row: number, group: number, [min, max]: [min: number, max: number]): void {
    const { bits, roundZeroPoint, floatDtype, statisticsBits } = this.options;
    const dtype = statisticsBits === undefined ? floatDtype : "F32";
    const { scale, zeroPoint } = gridBetween(min, max, 2 ** bits - 1, dtype);
    const place = this.#place(row, group);
    this.#scale.values[place] = scale;
    this.#zeroPoint.values[place] = roundZeroPoint ? roundHalfEven(zeroPoint) : zeroPoint;
  }

  /** Quantizes the grids of one group of some rows, all of which have been fitted. */
  quantize(first: number, rows: number, group: number): void {
    const { statisticsBits, statisticsGroupSize: together, floatDtype } = this.options;
    for (const { values: all, quantized } of [this.#scale, this.#zeroPoint]) {
      if (!quantized) continue;
      const codeMax = 2 ** statisticsBits! - 1;
      for (let row = first; row < first + rows; row += together) {
        const start = this.#place(row, group);
        const values = all.subarray(start, start + together);
        const grid = gridBetween(...rangeWithout(values), codeMax, floatDtype);
        quantized.scale[start / together] = grid.scale;
        quantized.zeroPoint[start / together] = grid.zeroPoint;
        for (let i = 0; i < together; i++) {
          const code = spqrCode(values[i], grid, codeMax);
          quantized.codes[start + i] = code;
          values[i] = spqrValue(code, grid);
        }
      }
    }
  }

  /** The grid that weights are rounded to. */
  gridOf(row: number, group: number): SpqrGrid {
    const place = this.#place(row, group);
    return { scale: this.#scale.values[place], zeroPoint: this.#zeroPoint.values[place] };
  }

  /**
   * All of them as they are stored.
   *
   * @param name What errors call the matrix.
   */
  stored(name: string): { scale: Statistics; zeroPoint: Statistics } {
    return {
      scale: this.#matrixOf(this.#scale, name),
      zeroPoint: this.#matrixOf(this.#zeroPoint, name),
    };
  }

  #matrixOf({ values, quantized }: Statistic, name: string): Statistics {
    const { statisticsBits, statisticsGroupSize: together, floatDtype = "F32" } = this.options;
    const [rows, columns] = [this.rows / together, this.groups * together];
    if (!quantized) {
      return floatMatrix(floatDtype, encodeFloats(values, floatDtype), rows, columns, name);
    }
    return affineMatrix({
      ...{ rows, columns, bits: statisticsBits!, codes: quantized.codes, name },
      scale: encodeFloats(quantized.scale, floatDtype),
      zeroPoint: encodeFloats(quantized.zeroPoint, floatDtype),
      groupIndex: Int32Array.from({ length: columns }, (_, i) => Math.floor(i / together)),
    });
  }

  #place(row: number, group: number): number {
    const together = this.options.statisticsGroupSize;
    return (Math.floor(row / together) * this.groups + group) * together + row % together;
  }
}
