import { require } from "../core/mod.ts";
import { requireBits, requireFinite, requireLayout } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";

/** How CrossQuant quantizes a value. */
export interface CrossOptions {
  /** 2..8. */
  bits: number;
  /** How much a step follows its token, 0..1: the rest it follows its channel. With 1 tokens alone decide. */
  alpha: number;
}

/** Symmetric codes whose steps follow row and column: `code * rowFactor * columnFactor / (2^(bits-1)-1)`. */
export interface CrossQuantized {
  /** `[rows, columns]`, -(2^(bits-1)-1)..2^(bits-1)-1. */
  codes: Int8Array;
  bits: number;
  /** The largest `|x|` of each row to the power of alpha, `[rows]`. */
  rowFactor: Float32Array;
  /** The largest `|x|` of each column to the power of 1 - alpha, `[columns]`. */
  columnFactor: Float32Array;
}

/**
 * Rounds every element to a multiple of its own step, `t_i^alpha c_j^(1-alpha) / (2^(bits-1)-1)`, ties to even:
 * t being the largest `|x|` of its row, c that of its column, both of this very matrix (CrossQuant, eq. 5).
 * No `|x|` exceeds the highest code. Where a step is 0 so is the element. In float32.
 *
 * @param x `[rows, columns]`.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` is not finite or no whole number of rows, the bits are not 2..8 or alpha is not in 0..1.
 */
export function quantizeCross(
  x: Float32Array,
  columns: number,
  { bits, alpha }: CrossOptions,
  name = "tensor",
): CrossQuantized {
  requireBits(bits, name);
  require(alpha >= 0 && alpha <= 1, `quantize ${name}`, "alpha must be in 0..1", alpha);
  requireLayout(x.length, { channels: columns, inner: 1 }, name);
  requireFinite(x, name);
  const rowMax = new Float32Array(x.length / columns);
  const columnMax = new Float32Array(columns);
  for (let row = 0, i = 0; row < rowMax.length; row++) {
    let largest = 0;
    for (let column = 0; column < columns; column++, i++) {
      const size = Math.abs(x[i]);
      if (size > largest) largest = size;
      if (size > columnMax[column]) columnMax[column] = size;
    }
    rowMax[row] = largest;
  }
  const rowFactor = rowMax.map((largest) => largest ** alpha);
  const columnFactor = columnMax.map((largest) => largest ** (1 - alpha));
  const most = 2 ** (bits - 1) - 1;
  const codes = new Int8Array(x.length);
  for (let row = 0, i = 0; row < rowFactor.length; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const step = stepOf(rowFactor[row], columnFactor[column], most);
      codes[i] = roundHalfEven(Math.fround(x[i] / step)); // 0 of 0 / 0, which is no number
    }
  }
  return { codes, bits, rowFactor, columnFactor };
}

/** `code * step` in float32, `[rows, columns]`. */
export function dequantizeCross(
  { codes, bits, rowFactor, columnFactor }: CrossQuantized,
): Float32Array {
  const most = 2 ** (bits - 1) - 1;
  const x = new Float32Array(codes.length);
  for (let row = 0, i = 0; row < rowFactor.length; row++) {
    for (let column = 0; column < columnFactor.length; column++, i++) {
      x[i] = codes[i] * stepOf(rowFactor[row], columnFactor[column], most);
    }
  }
  return x;
}

function stepOf(rowFactor: number, columnFactor: number, most: number): number {
  return Math.fround(Math.fround(rowFactor * columnFactor) / most);
}
