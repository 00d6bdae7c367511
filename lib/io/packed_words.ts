import { packCodes, unpackCodes } from "../format/mod.ts";

/** Rows that are turned together: what is read and written of them stays in the processor's cache. */
const tile = 64;

/** `[rows, columns]` as `[columns, rows]`. */
export function transposed<Values extends Int32Array | Uint8Array | Float32Array | Float16Array>(
  values: Values,
  rows: number,
  columns: number,
): Values {
  const turned = new (values.constructor as new (length: number) => Values)(values.length);
  for (let first = 0; first < rows; first += tile) {
    const last = Math.min(first + tile, rows);
    for (let column = 0; column < columns; column++) {
      for (let row = first; row < last; row++) {
        turned[column * rows + row] = values[row * columns + column];
      }
    }
  }
  return turned;
}

/** The bytes of words, the lowest of each word first. */
export function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/**
 * Rows of codes as rows of words, the inverse of {@linkcode unpackRows}.
 *
 * @param codes `[rows, columns]`.
 * @param bits 2..8.
 * @returns `[rows, words of a row]`.
 */
export function packRows(codes: Uint8Array, rows: number, bits: number): Int32Array {
  const columns = codes.length / rows;
  const stride = 4 * Math.ceil(columns * bits / 32);
  const bytes = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    const own = codes.subarray(row * columns, (row + 1) * columns);
    bytes.set(packCodes(own, bits), row * stride);
  }
  return new Int32Array(bytes.buffer);
}

/**
 * Codes of rows of words; in each row they are a stream of bits that begins with the lowest of its first
 * word, and what is left of its last one counts for nothing.
 *
 * @param words `[rows, words of a row]`.
 * @param bits 2..8.
 * @param columns Codes of a row.
 * @returns `[rows, columns]`.
 */
export function unpackRows(
  words: Int32Array,
  rows: number,
  bits: number,
  columns: number,
): Uint8Array {
  const bytes = bytesOf(words);
  const stride = bytes.length / rows;
  const codes = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const packed = bytes.subarray(row * stride, (row + 1) * stride);
    unpackCodes(packed, bits, 0, codes.subarray(row * columns, (row + 1) * columns));
  }
  return codes;
}
