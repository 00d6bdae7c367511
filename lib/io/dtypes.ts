import { require } from "../core/mod.ts";

/** Any typed array that holds the values of a tensor. */
export type TensorData =
  | Float64Array
  | Float32Array
  | Float16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint16Array
  | Uint8Array;

/** The element types of a safetensors file that are read and written here. */
export type Dtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U8"
  | "BOOL";

/** How a typed array is made of little-endian bytes. */
interface DataArray {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike): TensorData;
}

/** The typed array that holds each element type. BF16 is kept as its bits, BOOL as 0 or 1. */
export const dataArrays: Readonly<Record<Dtype, DataArray>> = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Float16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** Whether an element type named in a file is one that is read here. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dataArrays, name);
}

/** Refuses an element type named in a file that is not read here. */
export function requireDtype(name: string, action: string): asserts name is Dtype {
  const rule = `dtype must be one of ${Object.keys(dataArrays).join(" ")}`;
  require(isDtype(name), action, rule, name);
}

/** Whether tensors of an element type named in a file can be read as float32. */
export function isFloat(name: string): name is "F64" | "F32" | "F16" | "BF16" {
  return name === "F64" || name === "F32" || name === "F16" || name === "BF16";
}

/** How many elements a shape has; a scalar, of shape [], has one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, dimension) => count * dimension, 1);
}
