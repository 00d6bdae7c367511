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
      const result = trailing
        ? sumsOverRows(values, outputs, terms)
        : sumOfRows(values, terms, outputs);
      const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
      return backend.output(shape, result);
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
      const result = backend.allocate(ids.length * columns);
      ids.forEach((id, position) => {
        require(id >= 0 && id < rows, "look rows up", `indices must be 0..${rows - 1}`, id);
        result.set(values.subarray(id * columns, (id + 1) * columns), position * columns);
      });
      return backend.output([...indices.shape, ...rowShape], result);
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
      const result = backend.allocate(numSegments * columns).fill(0);
      ids.forEach((id, row) => {
        if (id < 0 || id >= numSegments) return;
        const [from, to] = [row * columns, id * columns];
        for (let j = 0; j < columns; j++) result[to + j] += values[from + j];
      });
      return backend.output([numSegments, ...rowShape], result);
    },
  },
];

/** [rows, columns] -> [columns], in float64. */
function sumOfRows(values: Float32Array, rows: number, columns: number): Float32Array {
  const sums = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) sums[column] += values[at++];
  }
  return Float32Array.from(sums);
}

/** [rows, columns] -> [rows], in float64. */
function sumsOverRows(values: Float32Array, rows: number, columns: number): Float32Array {
  const sums = new Float32Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += values[at++];
    sums[row] = sum;
  }
  return sums;
}
