import { require } from "../../core/mod.ts";
import type { AgileKernel } from "../agile.ts";
import { split } from "../split.ts";
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
      const source = backend.addressOf(x);
      const [outputs, terms] = [tf.util.sizeFromShape(kept), tf.util.sizeFromShape(summed)];
      const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
      const { tensor, address } = backend.output(shape);
      // At least 10 microseconds a call; sumRows has room for so many columns.
      const grains = Math.ceil(2 ** 14 / Math.max(1, terms));
      const most = Math.max(backend.simd.callsAtMost, Math.ceil(outputs / 2 ** 17));
      const parts = split(outputs, grains, most);
      if (trailing) {
        backend.run(
          "sumColumns",
          parts.map(([first, count]) => [
            ...[count, terms, address + 4 * first, source + 4 * first * terms],
          ]),
        );
      } else {
        backend.run(
          "sumRows",
          parts.map(([first, count]) => [
            ...[terms, count, outputs, address + 4 * first, source + 4 * first],
          ]),
        );
      }
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
      const stranger = ids.find((id) => id < 0 || id >= rows);
      const rule = `indices must be 0..${rows - 1}`;
      require(stranger === undefined, "look rows up", rule, stranger);
      const [source, places] = [backend.addressOf(x), backend.addressOf(indices)];
      const { tensor, address } = backend.output([...indices.shape, ...rowShape]);
      backend.run("gatherRows", [[ids.length, columns, address, source, places]]);
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
