import type { AgileBackend, AgileKernel } from "../agile.ts";
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
      return gather(backend, x, shape, 0, permutation.map((axis) => strides[axis]));
    },
  },
  {
    name: tf.Slice,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32") return undefined;
      const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size);
      tf.slice_util.assertParamsValid(x, begin, size);
      const strides = rowMajorStrides(x.shape);
      return gather(backend, x, size, dot(begin, strides), strides);
    },
  },
  {
    name: tf.SplitV,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32") return undefined;
      const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0];
      const strides = rowMajorStrides(x.shape);
      let first = 0;
      return tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits, axis).map(
        (size) => {
          const part = gather(backend, x, x.shape.with(axis, size), first * strides[axis], strides);
          first += size;
          return part;
        },
      );
    },
  },
  {
    name: tf.Unpack,
    compute({ inputs: { value }, attrs, backend }) {
      if (value.dtype !== "float32") return undefined;
      const axis = tf.util.parseAxisParam(attrs.axis, value.shape)[0];
      const strides = rowMajorStrides(value.shape);
      return Array.from({ length: value.shape[axis] }, (_, index) =>
        gather(
          backend,
          value,
          value.shape.toSpliced(axis, 1),
          index * strides[axis],
          strides.toSpliced(axis, 1),
        ));
    },
  },
  {
    name: tf.PadV2,
    compute({ inputs: { x }, attrs, backend }) {
      if (x.dtype !== "float32") return undefined;
      const paddings: [number, number][] = attrs.paddings;
      const shape = x.shape.map((size, axis) => paddings[axis][0] + size + paddings[axis][1]);
      const strides = rowMajorStrides(shape);
      const source = backend.addressOf(x);
      const { tensor, address } = backend.output(shape);
      backend.floats(tensor).fill(attrs.constantValue);
      const offset = dot(paddings.map(([before]) => before), strides);
      copyStrided(
        backend,
        x.shape,
        { address: source, offset: 0, strides: rowMajorStrides(x.shape) },
        { address, offset, strides },
      );
      return tensor;
    },
  },
];

/** A new tensor of the elements of `x` at an offset and strides. */
function gather(
  backend: AgileBackend,
  x: tf.TensorInfo,
  shape: number[],
  offset: number,
  strides: number[],
): tf.TensorInfo {
  const source = backend.addressOf(x);
  const { tensor, address } = backend.output(shape);
  copyStrided(
    backend,
    shape,
    { address: source, offset, strides },
    { address, offset: 0, strides: rowMajorStrides(shape) },
  );
  return tensor;
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}
