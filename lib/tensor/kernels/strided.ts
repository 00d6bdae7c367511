import type { AgileBackend } from "../agile.ts";
import { split } from "../split.ts";

/** Elements of 32 bits that a tensor's indices reach: offset + sum of index times stride. */
export interface StridedView {
  address: number;
  /** Index of the element at [0, 0, ...]. */
  offset: number;
  /** Elements from one index to the next, per axis. */
  strides: number[];
}

/** Elements that a call copies at least: about 10 microseconds. */
const grain = 2 ** 14;

/** The axes that `copyBox` of `assembly/layout.ts` walks. */
const boxAxes = 3;

/** The strides of a packed row-major tensor. */
export function rowMajorStrides(shape: number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  }
  return strides;
}

/**
 * Copies the elements of a `shape` box from one view to the other. Transpositions, slices, paddings and
 * repetitions are such copies.
 */
export function copyStrided(
  backend: AgileBackend,
  shape: number[],
  source: StridedView,
  target: StridedView,
): void {
  if (shape.includes(0)) return;
  const axes = mergeAxes(shape, source.strides, target.strides);
  while (axes.length < boxAxes) axes.unshift({ size: 1, from: 0, to: 0 });
  const outer = axes.splice(0, axes.length - boxAxes);
  const size = axes.reduce((product, axis) => product * axis.size, 1);
  const cut = Math.max(0, axes.findIndex((axis) => axis.size > 1));
  const grains = Math.ceil(grain * axes[cut].size / size);
  const parts = split(axes[cut].size, grains, backend.simd.callsAtMost);
  const [fromStrides, toStrides] = [axes.map(({ from }) => from), axes.map(({ to }) => to)];
  const calls = offsets(outer).flatMap(({ from, to }) =>
    parts.map(([first, count]) => [
      target.address + 4 * (target.offset + to + first * axes[cut].to),
      source.address + 4 * (source.offset + from + first * axes[cut].from),
      ...axes.map((axis, index) => index === cut ? count : axis.size),
      ...toStrides,
      ...fromStrides,
    ])
  );
  backend.run("copyBox", calls);
}

interface MergedAxis {
  size: number;
  from: number;
  to: number;
}

/** The axes with those joined that step through both views as one. */
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
  return merged;
}

/** Where every index along these axes leads. */
function offsets(axes: MergedAxis[]): { from: number; to: number }[] {
  let places = [{ from: 0, to: 0 }];
  for (const axis of axes) {
    places = places.flatMap(({ from, to }) =>
      Array.from(
        { length: axis.size },
        (_, index) => ({ from: from + index * axis.from, to: to + index * axis.to }),
      )
    );
  }
  return places;
}
