import type { AgileKernel } from "../agile.ts";
import { tf } from "../tf.ts";
import { copyStrided, rowMajorStrides } from "./strided.ts";

/** Kernels that only move float32 elements. */
export const layoutKernels: AgileKernel[] = [
  {
    name: tf.Transpose,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32") return undefined;
      const permutation: number[] = attrs.perm;
      const strides = rowMajorStrides(x.shape);
      const shape = permutation.map((axis) => x.shape[axis]);
      const result = backend.allocate(tf.util.sizeFromShape(shape));
      copyStrided(
        shape,
        {
          values: backend.floats(x),
          offset: 0,
          strides: permutation.map((axis) => strides[axis]),
        },
        { values: result, offset: 0, strides: rowMajorStrides(shape) },
      );
      return backend.output(shape, result);
    },
  },
  {
    name: tf.Slice,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32") return undefined;
      const [begin, shape] = tf.slice_util.parseSliceParams(
        x as tf.Tensor,
        attrs.begin,
        attrs.size,
      );
      tf.slice_util.assertParamsValid(x, begin, shape);
      const strides = rowMajorStrides(x.shape);
      const result = backend.allocate(tf.util.sizeFromShape(shape));
      copyStrided(
        shape,
        { values: backend.floats(x), offset: dot(begin, strides), strides },
        { values: result, offset: 0, strides: rowMajorStrides(shape) },
      );
      return backend.output(shape, result);
    },
  },
  {
    name: tf.PadV2,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32") return undefined;
      const paddings: [number, number][] = attrs.paddings;
      const shape = x.shape.map((size, axis) => paddings[axis][0] + size + paddings[axis][1]);
      const strides = rowMajorStrides(shape);
      const result = backend.allocate(tf.util.sizeFromShape(shape)).fill(attrs.constantValue);
      copyStrided(
        x.shape,
        { values: backend.floats(x), offset: 0, strides: rowMajorStrides(x.shape) },
        { values: result, offset: dot(paddings.map(([before]) => before), strides), strides },
      );
      return backend.output(shape, result);
    },
  },
];

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}
