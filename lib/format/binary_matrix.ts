import { require } from "../core/mod.ts";
import { decodeFloats, type FloatArrays } from "./float_matrix.ts";
import { packCodes, requireCodeBits, unpackCodes } from "./packed_codes.ts";
import { decodePowers, encodePowers, greatestPowerSum } from "./power_sum.ts";
import { requireShape, rowsWanted, type StoredMatrix } from "./stored_matrix.ts";

/** A matrix of binary digits with factors, before it is packed. */
export interface BinaryCodes {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** Digits of a weight, 2..8. */
  bits: number;
  /** `[rows, columns]`, 0..2^bits-1: bit b is 1 where the weight has its factor b added, 0 where subtracted. */
  codes: Uint8Array;
  /** `[columns / columnsTogether, rows / rowsTogether, bits]`: what digits are worth in a tile of the matrix. */
  factors: Float64Array;
  rowsTogether: number;
  columnsTogether: number;
  /** The powers of two that a factor is the sum of. */
  powers: number;
  /** `[columns]`, what all weights of a column are divided by; kept in its type. */
  divisors?: Float32Array | Float16Array;
  /** What errors call the matrix. */
  name?: string;
}

/** What a {@linkcode BinaryMatrix} holds. */
type BinaryParts = Omit<BinaryCodes, "codes" | "factors" | "name"> & {
  packed: Uint8Array;
  packedFactors: Uint8Array;
};

/** Sums of factors with signs, the factors being sums of powers of two (ShiftAddLLM): products by shifts and additions. */
export class BinaryMatrix implements StoredMatrix {
  readonly rows: number;
  readonly columns: number;

  /** Of {@linkcode binaryMatrix}, which packs and checks. */
  constructor(private readonly parts: BinaryParts) {
    this.rows = parts.rows;
    this.columns = parts.columns;
  }

  get byteLength(): number {
    const { packed, packedFactors, divisors } = this.parts;
    return packed.byteLength + packedFactors.byteLength + (divisors?.byteLength ?? 0);
  }

  get form(): string {
    const { bits, powers } = this.parts;
    return `${bits} binary digits worth sums of ${powers} powers of two`;
  }

  /** All codes, `[rows, columns]`. */
  readCodes(): Uint8Array {
    const codes = new Uint8Array(this.rows * this.columns);
    unpackCodes(this.parts.packed, this.parts.bits, 0, codes);
    return codes;
  }

  decode(firstRow: number, into: Float32Array): void {
    const { columns, parts } = this;
    const { bits, packed, rowsTogether, columnsTogether, divisors } = parts;
    const end = firstRow + rowsWanted(this, firstRow, into.length);
    const codes = new Uint8Array(columns);
    const divided = divisors &&
      decodeFloats(
        divisors instanceof Float32Array ? "F32" : "F16",
        divisors as FloatArrays["F32"],
      );
    let values: Float32Array[] = [];
    for (let row = firstRow; row < end; row++) {
      if (row === firstRow || row % rowsTogether === 0) values = this.#valuesOf(row);
      unpackCodes(packed, bits, row * columns, codes);
      const own = into.subarray((row - firstRow) * columns, (row - firstRow + 1) * columns);
      for (let i = 0; i < columns; i++) {
        own[i] = values[Math.floor(i / columnsTogether)][codes[i]];
      }
      divided?.forEach((divisor, i) => own[i] /= divisor);
    }
  }

  /** The values of all codes in the tiles of a row. */
  #valuesOf(row: number): Float32Array[] {
    const { rows, columns, bits, rowsTogether, columnsTogether, powers, packedFactors } =
      this.parts;
    const groups = rows / rowsTogether;
    return Array.from({ length: columns / columnsTogether }, (_, tile) => {
      const first = (tile * groups + Math.floor(row / rowsTogether)) * bits;
      const factors = Float64Array.from({ length: bits }, (_, bit) => {
        const start = (first + bit) * powers;
        return decodePowers(packedFactors.subarray(start, start + powers));
      });
      return signedSums(factors);
    });
  }
}

/** The values of codes, `[2^bits]`: bit b of a code is 1 where factor b is added, 0 where subtracted. */
export function signedSums(factors: Float64Array): Float32Array {
  return Float32Array.from(
    { length: 2 ** factors.length },
    (_, code) =>
      factors.reduce((sum, factor, bit) => sum + (code >> bit & 1 ? factor : -factor), 0),
  );
}

/**
 * Packs binary digits with factors, which become sums of powers of two.
 *
 * @throws {InputError} If the bits are not 2..8, a shape does not fit, tiles do not divide the matrix, or a code or
 *   a factor is out of range.
 */
export function binaryMatrix(
  { codes, factors, name = "matrix", ...parts }: BinaryCodes,
): BinaryMatrix {
  const { rows, columns, bits, rowsTogether, columnsTogether, powers, divisors } = parts;
  const action = `store ${name}`;
  requireCodeBits(bits, action);
  requireShape(rows, columns, codes.length, name);
  const tiles = (rows / rowsTogether) * (columns / columnsTogether);
  const divides = [rows / rowsTogether, columns / columnsTogether].every(Number.isInteger);
  const rule = `tiles must divide its ${rows} x ${columns} weights`;
  require(divides, action, rule, [rowsTogether, columnsTogether]);
  const factorRule = `it needs ${bits} factors in each of its ${tiles} tiles`;
  require(factors.length === tiles * bits, action, factorRule, factors.length);
  const strange = factors.find((factor) => !(Math.abs(factor) <= greatestPowerSum));
  require(strange === undefined, action, "factors must be at most 2^63", strange);
  const divisorRule = `it needs ${columns} divisors, one for each column`;
  require(!divisors || divisors.length === columns, action, divisorRule, divisors?.length);
  const packedFactors = new Uint8Array(factors.length * powers);
  factors.forEach((factor, i) =>
    encodePowers(factor, packedFactors.subarray(i * powers, (i + 1) * powers))
  );
  return new BinaryMatrix({ ...parts, packed: packCodes(codes, bits, action), packedFactors });
}
