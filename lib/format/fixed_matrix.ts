import { require } from "../core/mod.ts";
import { requireShape, rowsWanted, type StoredMatrix } from "./stored_matrix.ts";

/** Integers of 16 bits with one exponent for all, in a byte: `code * 2^exponent` (DFP16). */
export class FixedMatrix implements StoredMatrix {
  readonly form = "16-bit integers with one exponent";

  /** Of {@linkcode fixedMatrix}, which checks. */
  constructor(
    readonly rows: number,
    readonly columns: number,
    /** `[rows, columns]` */
    readonly codes: Int16Array,
    readonly exponent: number,
  ) {}

  get byteLength(): number {
    return this.codes.byteLength + 1;
  }

  decode(firstRow: number, into: Float32Array): void {
    rowsWanted(this, firstRow, into.length);
    const [step, start] = [2 ** this.exponent, firstRow * this.columns];
    for (let i = 0; i < into.length; i++) into[i] = this.codes[start + i] * step;
  }
}

/**
 * A matrix of 16-bit integers that share an exponent; without a copy.
 *
 * @param codes `[rows, columns]`
 * @param exponent -128..127.
 * @param name What errors call the matrix.
 * @throws {InputError} If the shape does not fit or the exponent takes more than a byte.
 */
export function fixedMatrix(
  codes: Int16Array,
  exponent: number,
  rows: number,
  columns: number,
  name = "matrix",
): FixedMatrix {
  requireShape(rows, columns, codes.length, name);
  const fits = Number.isInteger(exponent) && exponent >= -128 && exponent <= 127;
  require(fits, `store ${name}`, "its exponent must be in -128..127", exponent);
  return new FixedMatrix(rows, columns, codes, exponent);
}
