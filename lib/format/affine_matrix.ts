import { counted, require } from "../core/mod.ts";
import { decodeFloat16 } from "./float16.ts";
import { decodeGroups, groupingOf, largestGroup } from "./grouped_row.ts";
import { packCodes, requireCodeBits, unpackCodes } from "./packed_codes.ts";
import { requireShape, type RowMatrix, rowsWanted } from "./stored_matrix.ts";

/** A matrix of codes before it is packed. */
export interface AffineCodes {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** 2..8. */
  bits: number;
  /** `[rows, columns]`, 0..2^bits-1. */
  codes: Uint8Array;
  /** `[rows, groups]`; kept in its type. */
  scale: Float32Array | Float16Array;
  /** `[rows, groups]`, the code of zero: an integer in 0..2^bits-1, or any float; kept in its type. */
  zeroPoint: Uint8Array | Float32Array | Float16Array;
  /** `[columns]`, the group of each column, in any order (GPTQ's act-order); one group without it. */
  groupIndex?: Int32Array;
  /** What errors call the matrix. */
  name?: string;
}

/** A matrix of codes that are packed already. */
export interface PackedAffineCodes extends Omit<AffineCodes, "codes"> {
  /** Of `[rows, columns]` codes as {@linkcode packCodes} packs them, rows without gaps between them. */
  packed: Uint8Array;
}

/** What an {@linkcode AffineMatrix} holds. */
interface AffineParts {
  rows: number;
  columns: number;
  bits: number;
  packed: Uint8Array;
  scale: Float32Array | Float16Array;
  packedZeroPoint: Uint8Array | Float32Array | Float16Array;
  grouping: number | Int32Array;
}

/**
 * Codes on a grid per row and group of columns: `scale * (code - zeroPoint)`, in float32.
 *
 * Codes are a stream of `bits` bits each, and so are integer zero points. Groups of so many columns
 * one after the other cost nothing; groups in any other order cost an index per column.
 */
export class AffineMatrix implements RowMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  /** Groups of columns. */
  readonly groups: number;
  /** `[rows, groups]`, as they are held. */
  readonly scale: Float32Array | Float16Array;
  /** The codes: `[rows, columns]` as {@linkcode packCodes} packs them, rows without gaps between them. */
  readonly packed: Uint8Array;
  /** How many columns make a group, or the group of each. */
  readonly grouping: number | Int32Array;
  private readonly packedZeroPoint: Uint8Array | Float32Array | Float16Array;

  /** Of {@linkcode affineMatrix}, which packs and checks. */
  constructor(parts: AffineParts) {
    this.rows = parts.rows;
    this.columns = parts.columns;
    this.bits = parts.bits;
    this.groups = parts.scale.length / parts.rows;
    this.scale = parts.scale;
    this.packed = parts.packed;
    this.packedZeroPoint = parts.packedZeroPoint;
    this.grouping = parts.grouping;
  }

  get byteLength(): number {
    const { packed, scale, packedZeroPoint, grouping } = this;
    const index = typeof grouping === "number" ? 0 : grouping.byteLength;
    return packed.byteLength + scale.byteLength + packedZeroPoint.byteLength + index;
  }

  get form(): string {
    const { bits, groups, grouping } = this;
    if (groups === 1) return `${bits} bits in whole rows`;
    return `${bits} bits in groups of ${largestGroup(grouping)}`;
  }

  /** The group of each column, `[columns]`. */
  get groupIndex(): Int32Array {
    const { columns, grouping } = this;
    if (typeof grouping !== "number") return grouping;
    return Int32Array.from({ length: columns }, (_, column) => Math.floor(column / grouping));
  }

  /** The scales as float32, `[rows, groups]`; not to be changed. */
  scales(): Float32Array {
    return floatsOf(this.scale);
  }

  /** Codes of zero, `[rows, groups]`: integers in a Uint8Array, floats in a Float32Array. */
  zeroPoints(): Uint8Array | Float32Array {
    return this.zeroPointsFrom(0, this.rows);
  }

  /**
   * Reads the codes of rows from `firstRow` on until `into` is full; of all rows unless told.
   *
   * @param into `[n, columns]`; overwritten.
   * @returns `into`.
   * @throws {InputError} If `into` holds no whole rows, or more than are left.
   */
  readCodes(
    firstRow = 0,
    into: Uint8Array = new Uint8Array(this.rows * this.columns),
  ): Uint8Array {
    rowsWanted(this, firstRow, into.length);
    unpackCodes(this.packed, this.bits, firstRow * this.columns, into);
    return into;
  }

  takeRows(order: ArrayLike<number>): AffineMatrix {
    const { columns, bits, groups, packed, packedZeroPoint: zeros } = this;
    const count = order.length;
    const scale = roomLike(this.scale, count * groups);
    const zeroPoint = roomLike(zeros, count * groups);
    const codes = new Uint8Array(count * columns);
    for (let place = 0; place < count; place++) {
      const row = order[place];
      rowsWanted(this, row, columns);
      unpackCodes(
        packed,
        bits,
        row * columns,
        codes.subarray(place * columns, (place + 1) * columns),
      );
      scale.set(this.scale.subarray(row * groups, (row + 1) * groups), place * groups);
      zeroPoint.set(this.zeroPointsFrom(row, 1), place * groups);
    }
    return new AffineMatrix({
      ...{ rows: count, columns, bits, scale, grouping: this.grouping },
      packed: packCodes(codes, bits),
      packedZeroPoint: zeroPoint instanceof Uint8Array ? packCodes(zeroPoint, bits) : zeroPoint,
    });
  }

  decode(firstRow: number, into: Float32Array): void {
    const { columns, bits, groups, packed, grouping } = this;
    const count = rowsWanted(this, firstRow, into.length);
    const scales = floatsOf(this.scale.subarray(firstRow * groups, (firstRow + count) * groups));
    const zeroPoints = new Float32Array(this.zeroPointsFrom(firstRow, count));
    const codes = new Uint8Array(columns);
    for (let row = 0; row < count; row++) {
      unpackCodes(packed, bits, (firstRow + row) * columns, codes);
      const scale = scales.subarray(row * groups, (row + 1) * groups);
      const zeroPoint = zeroPoints.subarray(row * groups, (row + 1) * groups);
      const values = into.subarray(row * columns, (row + 1) * columns);
      decodeGroups(codes, scale, zeroPoint, grouping, values);
    }
  }

  /** The codes of zero of some rows, `[count, groups]`. */
  private zeroPointsFrom(firstRow: number, count: number): Uint8Array | Float32Array {
    const { packedZeroPoint, bits, groups } = this;
    if (!(packedZeroPoint instanceof Uint8Array)) {
      return floatsOf(packedZeroPoint.subarray(firstRow * groups, (firstRow + count) * groups));
    }
    const zeroPoint = new Uint8Array(count * groups);
    unpackCodes(packedZeroPoint, bits, firstRow * groups, zeroPoint);
    return zeroPoint;
  }
}

function floatsOf(values: Float32Array | Float16Array): Float32Array {
  return values instanceof Float32Array ? values : decodeFloat16(values);
}

/** An array of the same type. */
function roomLike<Numbers extends Uint8Array | Float32Array | Float16Array>(
  like: Numbers,
  length: number,
): Numbers {
  const array = like.constructor as new (length: number) => Numbers;
  return new array(length);
}

/**
 * Packs codes on a grid per row and group of columns.
 *
 * @throws {InputError} If the bits are not 2..8, a shape does not fit, or a code, integer zero point or
 *   group is out of range.
 */
export function affineMatrix({ codes, ...others }: AffineCodes): AffineMatrix {
  const { rows, columns, bits, name = "matrix" } = others;
  const action = `store ${name}`;
  requireCodeBits(bits, action);
  requireShape(rows, columns, codes.length, name);
  return packedAffineMatrix({ ...others, packed: packCodes(codes, bits, action) });
}

/**
 * Codes that are a stream of bits already, on a grid per row and group of columns; without a copy.
 *
 * @throws {InputError} As {@linkcode affineMatrix}.
 */
export function packedAffineMatrix(
  { rows, columns, bits, packed, scale, zeroPoint, groupIndex, name = "matrix" }: PackedAffineCodes,
): AffineMatrix {
  const action = `store ${name}`;
  requireCodeBits(bits, action);
  const length = Math.ceil(rows * columns * bits / 8);
  const rule = `${rows} x ${columns} codes of ${bits} bits must take ${length} bytes`;
  require(packed.length === length, action, rule, packed.length);
  const groups = scale.length / rows;
  const whole = Number.isInteger(groups) && groups > 0;
  require(
    whole,
    action,
    `it needs as many scales in each of its ${counted(rows, "row")}`,
    scale.length,
  );
  const zeroRule = `it needs ${scale.length} zero points, one for each scale`;
  require(zeroPoint.length === scale.length, action, zeroRule, zeroPoint.length);
  const packedZeroPoint = zeroPoint instanceof Uint8Array
    ? packCodes(zeroPoint, bits, action, "zero points")
    : zeroPoint;
  const grouping = groupingOf(groupIndex, columns, groups, action);
  return new AffineMatrix({ rows, columns, bits, packed, scale, packedZeroPoint, grouping });
}
