import { decodeFloat16 } from "./float16.ts";

/** The scales of a matrix, for each row and group of columns, as they are stored. */
export interface GroupScales {
  /** All that is held, in bytes. */
  readonly byteLength: number;
  /** How many there are: rows times groups. */
  readonly length: number;
  /** As float32, `[count, groups]` of the rows from `firstRow` on. */
  decode(firstRow: number, count: number, groups: number): Float32Array;
}

/**
 * Any numbers.
 *
 * @param scale `[rows, groups]`; kept in its type.
 */
export function floatScales(scale: Float32Array | Float16Array): GroupScales {
  return {
    byteLength: scale.byteLength,
    length: scale.length,
    decode: (firstRow, count, groups) =>
      floats(scale.subarray(firstRow * groups, (firstRow + count) * groups)),
  };
}

/**
 * Powers of two in a byte each, times a number for each row.
 *
 * @param exponents `[rows, groups]`
 * @param factor `[rows]`; kept in its type. 1 without.
 */
export function powerScales(
  exponents: Int8Array,
  factor?: Float32Array | Float16Array,
): GroupScales {
  return {
    byteLength: exponents.byteLength + (factor?.byteLength ?? 0),
    length: exponents.length,
    decode(firstRow, count, groups) {
      const factors = factor && floats(factor.subarray(firstRow, firstRow + count));
      const chosen = exponents.subarray(firstRow * groups, (firstRow + count) * groups);
      return Float32Array.from(
        chosen,
        (exponent, i) => 2 ** exponent * (factors?.[Math.floor(i / groups)] ?? 1),
      );
    },
  };
}

/**
 * The same scale for all rows and groups, in four bytes.
 *
 * @param scale float32.
 * @param length Rows times groups.
 */
export function sameScale(scale: number, length: number): GroupScales {
  return {
    byteLength: 4,
    length,
    decode: (_firstRow, count, groups) => new Float32Array(count * groups).fill(scale),
  };
}

function floats(values: Float32Array | Float16Array): Float32Array {
  return values instanceof Float32Array ? values : decodeFloat16(values);
}
