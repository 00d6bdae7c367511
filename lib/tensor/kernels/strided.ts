/** Elements of an array that a tensor's indices reach: offset + sum of index times stride. */
export interface StridedView {
  values: Float32Array;
  /** Index of the element at [0, 0, ...]. */
  offset: number;
  /** Elements from one index to the next, per axis. */
  strides: number[];
}

/** The strides of a packed row-major tensor. */
export function rowMajorStrides(shape: number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  }
  return strides;
}

/**
 * Copies the elements of a `shape` box from one view to the other. Transpositions, slices and
 * paddings are such copies.
 */
export function copyStrided(shape: number[], source: StridedView, target: StridedView): void {
  if (shape.includes(0)) return;
  const axes = mergeAxes(shape, source.strides, target.strides);
  const { size, from: fromStep, to: toStep } = axes.pop()!;
  const contiguous = fromStep === 1 && toStep === 1 && size >= 64;
  const copy = (depth: number, from: number, to: number): void => {
    if (depth < axes.length) {
      const axis = axes[depth];
      for (let index = 0; index < axis.size; index++) {
        copy(depth + 1, from + index * axis.from, to + index * axis.to);
      }
    } else if (contiguous) {
      target.values.set(source.values.subarray(from, from + size), to);
    } else {
      copyRun(source.values, from, fromStep, target.values, to, toStep, size);
    }
  };
  copy(0, source.offset, target.offset);
}

interface MergedAxis {
  size: number;
  from: number;
  to: number;
}

/** The axes with those joined that step through both views as one; at least one axis. */
function mergeAxes(shape: number[], from: number[], to: number[]): MergedAxis[] {
  const merged: MergedAxis[] = [];
  shape.forEach((size, axis) => {
    const last = merged.at(-1);
    if (last && last.from === from[axis] * size && last.to === to[axis] * size) {
      last.size *= size;
      last.from = from[axis];
      last.to = to[axis];
    } else if (size !== 1) {
      merged.push({ size, from: from[axis], to: to[axis] });
    }
  });
  return merged.length > 0 ? merged : [{ size: 1, from: 1, to: 1 }];
}

function copyRun(
  source: Float32Array,
  from: number,
  fromStep: number,
  target: Float32Array,
  to: number,
  toStep: number,
  size: number,
): void {
  for (let index = 0; index < size; index++) {
    target[to] = source[from];
    from += fromStep;
    to += toStep;
  }
}
