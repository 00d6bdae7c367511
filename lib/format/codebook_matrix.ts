import { counted, require } from "../core/mod.ts";
import { packCodes, requireCodeBits, unpackCodes } from "./packed_codes.ts";
import { requireShape, rowsWanted, type StoredMatrix } from "./stored_matrix.ts";

/** A matrix of places in codebooks, before it is packed. */
export interface CodebookCodes {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** 2..8. */
  bits: number;
  /** `[rows, columns]`, 0..2^bits-1: the places of values in the codebook of their row. */
  codes: Uint8Array;
  /** `[rows, 2^bits]`; kept in its type. */
  codebooks: Float32Array | Float16Array;
  /** What errors call the matrix. */
  name?: string;
}

/** What a {@linkcode CodebookMatrix} holds. */
type CodebookParts = Omit<CodebookCodes, "codes" | "name"> & { packed: Uint8Array };

/** Values chosen from a codebook of each row (SqueezeLLM); codes are a stream of `bits` bits each. */
export class CodebookMatrix implements StoredMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  /** `[rows, 2^bits]` */
  readonly codebooks: Float32Array | Float16Array;
  private readonly packed: Uint8Array;

  /** Of {@linkcode codebookMatrix}, which packs and checks. */
  constructor({ rows, columns, bits, codebooks, packed }: CodebookParts) {
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
    this.codebooks = codebooks;
    this.packed = packed;
  }

  get byteLength(): number {
    return this.packed.byteLength + this.codebooks.byteLength;
  }

  get form(): string {
    return `${this.bits} bits by a codebook per row`;
  }

  decode(firstRow: number, into: Float32Array): void {
    const { columns, bits, codebooks, packed } = this;
    const count = rowsWanted(this, firstRow, into.length);
    const size = 2 ** bits;
    const codes = new Uint8Array(columns);
    for (let row = 0; row < count; row++) {
      unpackCodes(packed, bits, (firstRow + row) * columns, codes);
      const codebook = codebooks.subarray((firstRow + row) * size, (firstRow + row + 1) * size);
      const values = into.subarray(row * columns, (row + 1) * columns);
      for (let i = 0; i < columns; i++) values[i] = codebook[codes[i]];
    }
  }
}

/**
 * Packs places in codebooks.
 *
 * @throws {InputError} If the bits are not 2..8, a shape does not fit or a code is out of range.
 */
export function codebookMatrix(
  { rows, columns, bits, codes, codebooks, name = "matrix" }: CodebookCodes,
): CodebookMatrix {
  const action = `store ${name}`;
  requireCodeBits(bits, action);
  requireShape(rows, columns, codes.length, name);
  const rule = `it needs ${counted(rows, "codebook")} of ${2 ** bits} values`;
  require(codebooks.length === rows * 2 ** bits, action, rule, codebooks.length);
  return new CodebookMatrix({
    ...{ rows, columns, bits, codebooks },
    packed: packCodes(codes, bits, action),
  });
}
