import { AffineMatrix } from "./affine_matrix.ts";
import { BilevelMatrix } from "./bilevel_matrix.ts";
import { BinaryMatrix } from "./binary_matrix.ts";
import { BlockMatrix } from "./block_matrix.ts";
import { CodebookMatrix } from "./codebook_matrix.ts";
import { FixedMatrix } from "./fixed_matrix.ts";
import { FloatMatrix } from "./float_matrix.ts";
import { LowRankMatrix } from "./low_rank_matrix.ts";
import { SparseMatrix } from "./sparse_matrix.ts";
import type { StoredMatrix } from "./stored_matrix.ts";
import { SumMatrix } from "./sum_matrix.ts";

/** Makes matrices anew of the fields that they had: those that hold nothing but numbers, words, arrays and such matrices. */
// deno-lint-ignore no-explicit-any -- the fields of each class are what it was taken apart into
const plainForms: Record<string, (fields: any) => StoredMatrix> = {
  AffineMatrix: (fields) => new AffineMatrix(fields),
  BilevelMatrix: (fields) => new BilevelMatrix(fields),
  BinaryMatrix: ({ parts }) => new BinaryMatrix(parts),
  BlockMatrix: ({ type, data, rows, columns }) => new BlockMatrix(type, data, rows, columns),
  CodebookMatrix: (fields) => new CodebookMatrix(fields),
  FixedMatrix: ({ rows, columns, codes, exponent }) =>
    new FixedMatrix(rows, columns, codes, exponent),
  FloatMatrix: ({ dtype, data, rows, columns }) => new FloatMatrix(dtype, data, rows, columns),
  LowRankMatrix: ({ left, right }) => new LowRankMatrix(left, right),
  SparseMatrix: (fields) => new SparseMatrix(fields),
  SumMatrix: ({ base, parts }) => new SumMatrix(base, parts),
};

/** An array of numbers. */
export type NumberArray = Exclude<ArrayBufferView, DataView> & { length: number };

/** A value taken apart: JSON, in which arrays of numbers are places in a list. */
export interface Parts {
  json: unknown;
  arrays: NumberArray[];
}

/** The types of arrays by their names. */
const arrayTypes = {
  ...{ Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array },
  ...{ Float16Array, Float32Array, Float64Array },
};

type ArrayName = keyof typeof arrayTypes;

/**
 * Takes a matrix, or an object that holds matrices, apart.
 *
 * @returns Undefined where something in it is no plain data, such as a type of numbers with functions of its own.
 */
export function partsOf(value: unknown): Parts | undefined {
  const arrays: NumberArray[] = [];
  function take(part: unknown): unknown {
    if (typeof part === "function" || typeof part === "symbol") throw notPlain;
    if (typeof part !== "object" || part === null) return part;
    if (Array.isArray(part)) return part.map(take);
    const name = Object.getPrototypeOf(part)?.constructor.name as string;
    if (ArrayBuffer.isView(part)) {
      if (!(name in arrayTypes)) throw notPlain;
      return { array: name, place: arrays.push(part as NumberArray) - 1 };
    }
    if (name !== "Object" && !(name in plainForms)) throw notPlain;
    const fields = Object.entries(part).filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, take(field)]);
    return { form: name, fields: Object.fromEntries(fields) };
  }
  try {
    return { json: take(value), arrays };
  } catch (error) {
    if (error === notPlain) return undefined;
    throw error;
  }
}

const notPlain = new Error("not plain data");

/**
 * Puts together what {@linkcode partsOf} took apart.
 *
 * @param arrayAt Gives an array of the type of this name by its place.
 */
export function fromParts(
  json: unknown,
  arrayAt: (place: number, type: ArrayName) => NumberArray,
): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((part) => fromParts(part, arrayAt));
  const part = json as
    | { array: ArrayName; place: number }
    | { form: string; fields: Record<string, unknown> };
  if ("array" in part) return arrayAt(part.place, part.array);
  const fields = Object.fromEntries(
    Object.entries(part.fields).map(([key, field]) => [key, fromParts(field, arrayAt)]),
  );
  return part.form === "Object" ? fields : plainForms[part.form](fields);
}

/** The bytes of an array as one of another type, of which they are whole elements. */
export function arrayOf(type: ArrayName, bytes: Uint8Array<ArrayBuffer>): NumberArray {
  return new arrayTypes[type](bytes.slice().buffer);
}
