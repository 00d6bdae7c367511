import { require } from "../core/mod.ts";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "./float16.ts";
import { requireShape, type RowMatrix, rowsWanted } from "./stored_matrix.ts";

/** The array that holds each type of float; BF16 is kept as its patterns. */
export interface FloatArrays {
  F32: Float32Array;
  F16: Float16Array;
  BF16: Uint16Array;
}

/** Types of float, as safetensors calls them. */
export type FloatDtype = keyof FloatArrays;

/** Floats in the type of their checkpoint. */
export class FloatMatrix<Dtype extends FloatDtype = FloatDtype> implements RowMatrix {
  /** As {@linkcode floatMatrix}, which checks what it is given. */
  constructor(
    readonly dtype: Dtype,
    /** `[rows, columns]` */
    readonly data: FloatArrays[Dtype],
    readonly rows: number,
    readonly columns: number,
  ) {}

  get byteLength(): number {
    return this.data.byteLength;
  }

  get form(): string {
    return this.dtype;
  }

  decode(firstRow: number, into: Float32Array): void {
    const count = rowsWanted(this, firstRow, into.length);
    const start = firstRow * this.columns;
    decodeFloats(this.dtype, this.data.subarray(start, start + count * this.columns), into);
  }

  free(): void {
    (this.data.buffer as ArrayBuffer).transfer(0);
  }

  takeRows(order: ArrayLike<number>): FloatMatrix<Dtype> {
    const { columns, dtype, data } = this;
    const taken = new arrays[dtype](order.length * columns);
    for (let place = 0; place < order.length; place++) {
      rowsWanted(this, order[place], columns);
      taken.set(
        data.subarray(order[place] * columns, (order[place] + 1) * columns),
        place * columns,
      );
    }
    return new FloatMatrix<Dtype>(dtype, taken as FloatArrays[Dtype], order.length, columns);
  }
}

const arrays = { F32: Float32Array, F16: Float16Array, BF16: Uint16Array };

/**
 * A matrix of floats, without a copy.
 *
 * @param data `[rows, columns]`, the array of that type.
 * @param name What errors call the matrix.
 * @throws {InputError} If the shape or the kind of array does not fit.
 */
export function floatMatrix<Dtype extends FloatDtype>(
  dtype: Dtype,
  data: FloatArrays[Dtype],
  rows: number,
  columns: number,
  name = "matrix",
): FloatMatrix<Dtype> {
  const array = arrays[dtype];
  require(data instanceof array, `store ${name}`, `${dtype} takes a ${array.name}`, kindOf(data));
  requireShape(rows, columns, data.length, name);
  return new FloatMatrix(dtype, data, rows, columns);
}

/** Rounds float32 to a type, half to even; F32 stays the array it is. */
export function encodeFloats<Dtype extends FloatDtype>(
  values: Float32Array,
  dtype: Dtype,
): FloatArrays[Dtype] {
  const encoders = { F32: () => values, F16: encodeFloat16, BF16: encodeBfloat16 };
  return encoders[dtype](values) as FloatArrays[Dtype];
}

/**
 * The values of floats of a type, as float32.
 *
 * @param into Where they go, as long as `data`.
 */
export function decodeFloats(
  dtype: FloatDtype,
  data: FloatArrays[FloatDtype],
  into: Float32Array = new Float32Array(data.length),
): Float32Array {
  if (dtype === "F16") return decodeFloat16(data as Float16Array, into);
  if (dtype === "BF16") return decodeBfloat16(data as Uint16Array, into);
  into.set(data);
  return into;
}

function kindOf(data: object): string {
  return data.constructor.name;
}
