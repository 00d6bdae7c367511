import { require } from "../core/mod.ts";
import type { ByteCursor } from "./byte_cursor.ts";

/** A value of a GGUF file's metadata; integers beyond 2^53 are bigints. */
export type GgufValue = number | bigint | boolean | string | GgufArray;

/** An array of a GGUF file's metadata, of numbers in the type that the file gives them. */
export type GgufArray =
  | readonly string[]
  | readonly boolean[]
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | BigUint64Array
  | BigInt64Array
  | Float64Array;

/** A type of value. */
interface ValueType {
  /** What one takes at least. */
  readonly bytes: number;
  one(cursor: ByteCursor, action: string): GgufValue;
  many(cursor: ByteCursor, count: number, action: string): GgufArray;
}

/** By the numbers that GGUF gives them; 9 is an array. */
const valueTypes: Readonly<Record<number, ValueType>> = {
  0: numbers(Uint8Array, (cursor) => cursor.number("getUint8", 1)),
  1: numbers(Int8Array, (cursor) => cursor.number("getInt8", 1)),
  2: numbers(Uint16Array, (cursor) => cursor.number("getUint16", 2)),
  3: numbers(Int16Array, (cursor) => cursor.number("getInt16", 2)),
  4: numbers(Uint32Array, (cursor) => cursor.u32()),
  5: numbers(Int32Array, (cursor) => cursor.number("getInt32", 4)),
  6: numbers(Float32Array, (cursor) => cursor.number("getFloat32", 4)),
  7: listed(1, readFlag),
  8: listed(8, (cursor) => cursor.string()),
  10: numbers(BigUint64Array, (cursor) => narrowed(cursor.big("getBigUint64"))),
  11: numbers(BigInt64Array, (cursor) => narrowed(cursor.big("getBigInt64"))),
  12: numbers(Float64Array, (cursor) => cursor.number("getFloat64", 8)),
};

const arrayType = 9;

/**
 * Reads a value behind its type.
 *
 * @throws {InputError} If it is not valid, or an array of arrays.
 */
export function readValue(cursor: ByteCursor, action: string): GgufValue {
  const type = cursor.u32();
  if (type !== arrayType) return typeOf(type, action).one(cursor, action);
  const element = cursor.u32();
  require(element !== arrayType, action, "its array must not hold arrays");
  const { bytes, many } = typeOf(element, action);
  return many(cursor, cursor.count(bytes, "elements of an array"), action);
}

function typeOf(type: number, action: string): ValueType {
  const known = Object.hasOwn(valueTypes, type);
  require(known, action, "its type must be one of 0..12", type);
  return valueTypes[type];
}

/** Numbers of which many are a typed array. */
function numbers(
  array: {
    BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBuffer): Exclude<GgufArray, readonly unknown[]>;
  },
  one: ValueType["one"],
): ValueType {
  const { BYTES_PER_ELEMENT: bytes } = array;
  return {
    bytes,
    one,
    many: (cursor, count) => new array(cursor.slice(count * bytes).buffer),
  };
}

/** Values of which many are a list. */
function listed<Value extends string | boolean>(
  bytes: number,
  one: (cursor: ByteCursor, action: string) => Value,
): ValueType {
  return {
    bytes,
    one,
    many(cursor, count, action) {
      const values: Value[] = [];
      for (let i = 0; i < count; i++) values.push(one(cursor, action));
      return values as GgufArray;
    },
  };
}

function readFlag(cursor: ByteCursor, action: string): boolean {
  const byte = cursor.number("getUint8", 1);
  require(byte <= 1, action, "true or false must be the byte 1 or 0", byte);
  return byte === 1;
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
