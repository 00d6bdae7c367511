import { counted, require } from "../core/mod.ts";
import type { GroupScales } from "./group_scales.ts";
import type { NumberType } from "./number_type.ts";
import { packCodes, unpackCodes } from "./packed_codes.ts";
import { requireShape, rowsWanted, type StoredMatrix } from "./stored_matrix.ts";

/** A matrix of numbers of few bits, before it is packed. */
export interface TypedCodes {
  /** Outputs and inputs. */
  rows: number;
  columns: number;
  /** What numbers may be: of one type, or each group of one of up to four, of as many bits. */
  types: readonly NumberType[];
  /** `[rows, columns]`, 0..2^bits-1. */
  codes: Uint8Array;
  /** Columns that share a scale; the last group of a row may be shorter. */
  groupSize: number;
  /** Of each row and group. */
  scales: GroupScales;
  /** `[rows, groups]`, the place of each group's type; 0 for all unless given. */
  choice?: Uint8Array;
  /** What errors call the matrix. */
  name?: string;
}

/** The bits of a group's choice of a type. */
const choiceBits = 2;

/** What a {@linkcode TypedMatrix} holds. */
type TypedParts = Omit<TypedCodes, "codes" | "choice" | "name"> & {
  packed: Uint8Array;
  packedChoice?: Uint8Array;
};

/** Numbers of few bits times a scale for each row and group of columns; codes are a stream of bits. */
export class TypedMatrix implements StoredMatrix {
  readonly rows: number;
  readonly columns: number;
  private readonly parts: TypedParts;

  /** Of {@linkcode typedMatrix}, which packs and checks. */
  constructor(parts: TypedParts) {
    this.rows = parts.rows;
    this.columns = parts.columns;
    this.parts = parts;
  }

  /** Of a code. */
  get bits(): number {
    return this.parts.types[0].bits;
  }

  get byteLength(): number {
    const { packed, packedChoice, scales, types } = this.parts;
    const known = types.reduce((sum, { byteLength = 0 }) => sum + byteLength, 0);
    return packed.byteLength + scales.byteLength + (packedChoice?.byteLength ?? 0) + known;
  }

  get form(): string {
    const { types, groupSize } = this.parts;
    const numbers = types.map(({ name }) => name).join(" or ");
    const groups = groupSize >= this.columns ? "whole rows" : `groups of ${groupSize}`;
    return `${numbers} in ${groups}`;
  }

  decode(firstRow: number, into: Float32Array): void {
    const { columns, bits } = this;
    const { types, packed, packedChoice, groupSize, scales } = this.parts;
    const count = rowsWanted(this, firstRow, into.length);
    const groups = Math.ceil(columns / groupSize);
    const scale = scales.decode(firstRow, count, groups);
    const choice = new Uint8Array(count * groups);
    if (packedChoice) unpackCodes(packedChoice, choiceBits, firstRow * groups, choice);
    const codes = new Uint8Array(columns);
    for (let row = 0; row < count; row++) {
      unpackCodes(packed, bits, (firstRow + row) * columns, codes);
      for (let group = 0; group < groups; group++) {
        const { values } = types[choice[row * groups + group]];
        const step = scale[row * groups + group];
        const end = Math.min((group + 1) * groupSize, columns);
        for (let i = group * groupSize; i < end; i++) {
          into[row * columns + i] = values[codes[i]] * step;
        }
      }
    }
  }
}

/**
 * Packs numbers of few bits.
 *
 * @throws {InputError} If a shape does not fit, there are not as many scales as groups, or a code or choice is
 *   out of range.
 */
export function typedMatrix(
  { codes, choice, name = "matrix", ...others }: TypedCodes,
): TypedMatrix {
  const { rows, columns, types, groupSize, scales } = others;
  const action = `store ${name}`;
  requireShape(rows, columns, codes.length, name);
  const isSize = Number.isInteger(groupSize) && groupSize > 0;
  require(isSize, action, "groupSize must be a positive integer", groupSize);
  const groups = rows * Math.ceil(columns / groupSize);
  require(scales.length === groups, action, `it needs ${counted(groups, "scale")}`, scales.length);
  const alike = types.length > 0 && types.length <= 2 ** choiceBits &&
    types.every(({ bits }) => bits === types[0].bits);
  require(alike, action, "it needs one to four types of as many bits", types.length);
  if (choice) {
    require(choice.length === groups, action, `it needs ${groups} choices`, choice.length);
    const strange = choice.find((each) => each >= types.length);
    require(strange === undefined, action, `choices must be in 0..${types.length - 1}`, strange);
  }
  return new TypedMatrix({
    ...others,
    packed: packCodes(codes, types[0].bits, action),
    packedChoice: choice && packCodes(choice, choiceBits, action, "choices"),
  });
}
