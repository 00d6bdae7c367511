import { require } from "../../core/mod.ts";
import type { AgileKernel } from "../agile.ts";
import { tf } from "../tf.ts";

/** Kernels over the rows of float32 tensors: sums, lookups and their gradients. */
export const rowKernels: AgileKernel[] = [
  {
    name: tf.Sum,
    compute({ inputs: { x }, attrs: { axis, keepDims }, backend }) {
      if (x.dtype !== "float32") return undefined;
      const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
      const leading = axes.every((axis, index) => axis === index);
      const trailing = axes.every((axis, index) => axis === x.shape.length - axes.length + index);
      if (!leading && !trailing) return undefined;
      const [kept, summed] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
      const values = backend.floats(x);
      const [outputs, terms] = [tf.util.sizeFromShape(kept), tf.util.sizeFromShape(summed)];
      const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
      const { tensor } = backend.output(shape);
      const result = backend.floats(tensor);
      if (trailing) sumsOverRows(values, outputs, terms, result);
      else sumOfRows(values, terms, outputs, result);
      return tensor;
    },
  },
  {
    name: tf.GatherV2,
    compute({ inputs: { x, indices }, attrs: { axis, batchDims }, backend }) {
      const wholeRows = x.dtype === "float32" && batchDims === 0 && x.shape.length > 0 &&
        tf.util.parseAxisParam(axis, x.shape)[0] === 0;
      if (!wholeRows) return undefined;
      const [rows, ...rowShape] = x.shape;
      const columns = tf.util.sizeFromShape(rowShape);
      const ids = backend.data.get(indices.dataId).values as Int32Array;
      const values = backend.floats(x);
      const stranger = ids.find((id) => id < 0 || id >= rows);
      const rule = `indices must be 0..${rows - 1}`;
      require(stranger === undefined, "look rows up", rule, stranger);
      const { tensor } = backend.output([...indices.shape, ...rowShape]);
      const result = backend.floats(tensor);
      ids.forEach((id, position) => {
        result.set(values.subarray(id * columns, (id + 1) * columns), position * columns);
      });
      return tensor;
    },
  },
  {
    name: tf.UnsortedSegmentSum,
    compute({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) {
      if (x.dtype !== "float32" || segmentIds.shape.length !== 1) return undefined;
      const rowShape = x.shape.slice(1);
      const columns = tf.util.sizeFromShape(rowShape);
      const values = backend.floats(x);
      const ids = backend.data.get(segmentIds.dataId).values as Int32Array;
      const { tensor } = backend.output([numSegments, ...rowShape]);
      const result = backend.floats(tensor).fill(0);
      ids.forEach((id, row) => {
        if (id < 0 || id >= numSegments) return;
        const [from, to] = [row * columns, id * columns];
        for (let j = 0; j < columns; j++) result[to + j] += values[from + j];
      });
      return tensor;
    },
  },
];

/** [rows, columns] -> [columns], in float64. */
function sumOfRows(
  values: Float32Array,
  rows: number,
  columns: number,
  result: Float32Array,
): void {
  const sums = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) sums[column] += values[at++];
  }
  result.set(sums);
}

/** [rows, columns] -> [rows], in float64. */
function sumsOverRows(
  values: Float32Array,
  rows: number,
  columns: number,
  result: Float32Array,
): void {
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += values[at++];
    result[row] = sum;
  }
}
