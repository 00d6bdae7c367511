import { refuse, require } from "../core/mod.ts";
import { decodeFloat16, encodeFloat16 } from "../format/mod.ts";
import { requireLayout } from "./checks.ts";
import { roundHalfEven } from "./rounding.ts";

/** Rows in 8-bit codes but for the columns of outliers, which stay as they are (LLM.int8()). */
export interface VectorwiseQuantized {
  /** `[rows, columns]`, -127..127; 0 in the columns of outliers. */
  codes: Int8Array;
  /** The largest `|x|` of each row that is no outlier, `[rows]`: a step is a 127th of it. */
  absmax: Float32Array;
  /** The columns in which some row has an outlier, ascending. */
  outlierColumns: number[];
}

/**
 * Rounds each row to multiples of `absmax / 127`, as bitsandbytes does: `round(x * (127 * (1 / absmax)))` in
 * float32, ties to even. A column with an element of at least `threshold` is left out as a whole; of what a row reaches
 * only its own outliers are.
 *
 * @param x `[rows, columns]`, numbers that F16 has ({@linkcode roundToHalf}).
 * @param threshold Of `|x|`; 0 takes nothing for an outlier.
 * @param name What errors call the tensor.
 * @throws {InputError} If `x` is no whole number of rows or the threshold is negative.
 */
export function quantizeVectorwise(
  x: Float32Array,
  columns: number,
  threshold: number,
  name = "tensor",
): VectorwiseQuantized {
  requireLayout(x.length, { channels: columns, inner: 1 }, name);
  require(threshold >= 0, `quantize ${name}`, "threshold must be 0 or more", threshold);
  const limit = threshold === 0 ? Infinity : threshold;
  const isOutlying = new Uint8Array(columns);
  const absmax = new Float32Array(x.length / columns);
  for (let row = 0, start = 0; row < absmax.length; row++, start += columns) {
    let largest = 0;
    for (let column = 0; column < columns; column++) {
      const size = Math.abs(x[start + column]);
      if (size >= limit) isOutlying[column] = 1;
      else if (size > largest) largest = size;
    }
    absmax[row] = largest;
  }
  const codes = new Int8Array(x.length);
  for (let row = 0, start = 0; row < absmax.length; row++, start += columns) {
    if (absmax[row] === 0) continue;
    const inverse = Math.fround(127 * Math.fround(1 / absmax[row])); // as PyTorch divides a number by a tensor
    for (let column = 0; column < columns; column++) {
      if (isOutlying[column]) continue;
      codes[start + column] = roundHalfEven(Math.fround(x[start + column] * inverse));
    }
  }
  const outlierColumns = [...isOutlying.keys()].filter((column) => isOutlying[column] === 1);
  return { codes, absmax, outlierColumns };
}

/**
 * `code * absmax / 127` in float32, and the columns of outliers as they were, `[rows, columns]`.
 *
 * @param x What was quantized.
 */
export function dequantizeVectorwise(
  { codes, absmax, outlierColumns }: VectorwiseQuantized,
  x: Float32Array,
): Float32Array {
  const columns = codes.length / absmax.length;
  const values = new Float32Array(codes.length);
  for (let row = 0, start = 0; row < absmax.length; row++, start += columns) {
    const step = Math.fround(absmax[row] / 127);
    for (let i = start; i < start + columns; i++) values[i] = codes[i] * step;
    for (const column of outlierColumns) values[start + column] = x[start + column];
  }
  return values;
}

/**
 * The nearest numbers that F16 has, as float32.
 *
 * @param name What errors call the tensor.
 * @throws {InputError} If one is not finite, or beyond F16.
 */
export function roundToHalf(x: Float32Array, name = "tensor"): Float32Array {
  const halves = decodeFloat16(encodeFloat16(x));
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(halves[i])) continue;
    refuse(`quantize ${name}`, `element ${i} must be finite in F16`, x[i]);
  }
  return halves;
}
