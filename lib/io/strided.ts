import type { TensorData } from "./dtypes.ts";

/** How many elements lie between the first and the last of a view, both included; 0 if it has none. */
export function stridedSpan(shape: readonly number[], stride: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, axis) => span + (size - 1) * stride[axis], 1);
}

/**
 * The elements of a view, row by row.
 *
 * @param data From the first element of the view to the last; returned as it is if that is the answer.
 * @param stride How many elements lie between two neighbours along each axis, 0 or more.
 */
export function gatherStrided<Data extends TensorData>(
  data: Data,
  shape: readonly number[],
  stride: readonly number[],
): Data {
  if (isRowByRow(shape, stride)) return data;
  const columns = shape.at(-1)!;
  const step = stride.at(-1)!;
  const count = shape.reduce((product, size) => product * size, 1);
  const gathered = new (data.constructor as new (length: number) => Data)(count);
  const row = shape.slice(0, -1).fill(0);
  for (let at = 0; at < count; at += columns) {
    const from = row.reduce((sum, index, axis) => sum + index * stride[axis], 0);
    for (let i = 0; i < columns; i++) gathered[at + i] = data[from + i * step];
    for (let axis = row.length - 1; axis >= 0 && ++row[axis] === shape[axis]; axis--) row[axis] = 0;
  }
  return gathered;
}

/** Whether the elements of a view lie row by row without gaps. */
export function isRowByRow(shape: readonly number[], stride: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (stride[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}
