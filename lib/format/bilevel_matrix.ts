import { require } from "../core/mod.ts";
import type { AffineMatrix } from "./affine_matrix.ts";
import { FloatMatrix } from "./float_matrix.ts";
import { decodeGroups, groupingOf, largestGroup } from "./grouped_row.ts";
import { packCodes, requireCodeBits, unpackCodes } from "./packed_codes.ts";
import { requireShape, rowsWanted, type StoredMatrix } from "./stored_matrix.ts";

/**
 * The scales or zero points of a matrix, `[rows / n, groups * n]`: a row has those of n rows of the matrix, of
 * its first group first.
 */
export type Statistics = AffineMatrix | FloatMatrix;

/** A matrix of codes on grids that are codes themselves, before it is packed. */
export interface BilevelCodes {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** 2..8. */
  bits: number;
  /** `[rows, columns]`, 0..2^bits-1. */
  codes: Uint8Array;
  scale: Statistics;
  zeroPoint: Statistics;
  /** `[columns]`, the group of each column, in any order; one group without it. */
  groupIndex?: Int32Array;
  /** What errors call the matrix. */
  name?: string;
}

/** What a {@linkcode BilevelMatrix} holds. */
type BilevelParts = Omit<BilevelCodes, "codes" | "groupIndex" | "name"> & {
  packed: Uint8Array;
  grouping: number | Uint8Array | Uint16Array | Int32Array;
};

/** Codes on grids whose scales and zero points are quantized in their turn (SpQR). */
export class BilevelMatrix implements StoredMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  readonly scale: Statistics;
  readonly zeroPoint: Statistics;
  private readonly packed: Uint8Array;
  /** How many columns make a group, or the group of each. */
  private readonly grouping: BilevelParts["grouping"];

  /** Of {@linkcode bilevelMatrix}, which packs and checks. */
  constructor({ rows, columns, bits, scale, zeroPoint, packed, grouping }: BilevelParts) {
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
    this.scale = scale;
    this.zeroPoint = zeroPoint;
    this.packed = packed;
    this.grouping = grouping;
  }

  get byteLength(): number {
    const { packed, scale, zeroPoint, grouping } = this;
    const index = typeof grouping === "number" ? 0 : grouping.byteLength;
    return packed.byteLength + scale.byteLength + zeroPoint.byteLength + index;
  }

  get form(): string {
    const { bits, grouping, scale, zeroPoint } = this;
    const inBits = (each: Statistics) =>
      each instanceof FloatMatrix ? each.dtype : `${each.bits} bits`;
    const forms = new Set([inBits(scale), inBits(zeroPoint)]);
    return `${bits} bits in groups of ${largestGroup(grouping)}, their grids in ${
      [...forms].join(" and ")
    }`;
  }

  /** All codes, `[rows, columns]`. */
  readCodes(): Uint8Array {
    const codes = new Uint8Array(this.rows * this.columns);
    unpackCodes(this.packed, this.bits, 0, codes);
    return codes;
  }

  decode(firstRow: number, into: Float32Array): void {
    const { rows, columns, bits, packed, grouping } = this;
    const end = firstRow + rowsWanted(this, firstRow, into.length);
    const together = rows / this.scale.rows;
    const groups = this.scale.columns / together;
    const scale = new Float32Array(groups * together);
    const zeroPoint = new Float32Array(groups * together);
    const ofRow = (all: Float32Array, row: number) =>
      Float32Array.from({ length: groups }, (_, group) => all[group * together + row % together]);
    const codes = new Uint8Array(columns);
    for (let row = firstRow; row < end; row++) {
      if (row === firstRow || row % together === 0) {
        this.scale.decode(Math.floor(row / together), scale);
        this.zeroPoint.decode(Math.floor(row / together), zeroPoint);
      }
      unpackCodes(packed, bits, row * columns, codes);
      const values = into.subarray((row - firstRow) * columns, (row - firstRow + 1) * columns);
      decodeGroups(codes, ofRow(scale, row), ofRow(zeroPoint, row), grouping, values);
    }
  }
}

/**
 * Packs codes on grids that are stored as matrices.
 *
 * @throws {InputError} If the bits are not 2..8, a shape does not fit, or a code or group is out of range.
 */
export function bilevelMatrix(
  { rows, columns, bits, codes, scale, zeroPoint, groupIndex, name = "matrix" }: BilevelCodes,
): BilevelMatrix {
  const action = `store ${name}`;
  requireCodeBits(bits, action);
  requireShape(rows, columns, codes.length, name);
  const together = rows / scale.rows;
  const groups = scale.columns / together;
  const fits = Number.isInteger(together) && Number.isInteger(groups);
  const rule = `its scales must be those of ${rows} rows, some together`;
  require(fits, action, rule, [scale.rows, scale.columns]);
  const isLike = zeroPoint.rows === scale.rows && zeroPoint.columns === scale.columns;
  const zeroRule = `it needs ${scale.rows} x ${scale.columns} zero points, one for each scale`;
  require(isLike, action, zeroRule, [zeroPoint.rows, zeroPoint.columns]);
  const grouping = groupingOf(groupIndex, columns, groups, action);
  return new BilevelMatrix({
    ...{ rows, columns, bits, scale, zeroPoint },
    packed: packCodes(codes, bits, action),
    grouping: typeof grouping === "number" ? grouping : narrow(grouping, groups),
  });
}

/** The index of each column in as few bytes as tell so many groups apart. */
function narrow(groupIndex: Int32Array, groups: number): Uint8Array | Uint16Array | Int32Array {
  if (groups <= 2 ** 8) return Uint8Array.from(groupIndex);
  return groups <= 2 ** 16 ? Uint16Array.from(groupIndex) : groupIndex;
}
