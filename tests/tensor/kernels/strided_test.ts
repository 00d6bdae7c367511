import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { AgileBackend } from "../../../lib/tensor/agile.ts";
import { copyStrided, rowMajorStrides } from "../../../lib/tensor/kernels/strided.ts";
import { tf, useBackend } from "../../../lib/tensor/mod.ts";

await useBackend("agile");
const backend = tf.backend() as AgileBackend;

/** Every index of a shape, the last axis fastest. */
function indices(shape: number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

interface Layout {
  offset: number;
  strides: number[];
}

const place = ({ offset, strides }: Layout, index: number[]) =>
  index.reduce((sum, i, axis) => sum + i * strides[axis], offset);

/** Copies a box of 0, 1, 2, ... to ground of -1; gives the target. */
function copied(shape: number[], source: Layout, target: Layout, length: number): Float32Array {
  return backend.scratch([4 * length, 4 * length], (from, to) => {
    backend.view(Float32Array, from, length).forEach((_, i, view) => view[i] = i);
    const result = backend.view(Float32Array, to, length).fill(-1);
    copyStrided(backend, shape, { address: from, ...source }, { address: to, ...target });
    return result.slice();
  });
}

/** The same by the definition. */
function copiedSlowly(shape: number[], source: Layout, target: Layout, length: number) {
  const result = new Float32Array(length).fill(-1);
  for (const index of indices(shape)) result[place(target, index)] = place(source, index);
  return result;
}

Deno.test("rowMajorStrides() step to the next index of each axis", () => {
  assertEquals(rowMajorStrides([2, 3, 4]), [12, 4, 1]);
  assertEquals(rowMajorStrides([]), []);
  fc.assert(fc.property(fc.array(fc.nat(4), { maxLength: 4 }), (shape) => {
    const strides = rowMajorStrides(shape);
    const places = indices(shape).map((index) => place({ offset: 0, strides }, index));
    assertEquals(places, places.map((_, at) => at));
  }));
});

Deno.test("copyStrided() copies boxes of up to five axes, permuted, with gaps or repeated", () => {
  const axis = fc.record({
    size: fc.nat(4),
    slack: fc.nat(2),
    repeated: fc.boolean(),
    order: fc.double({ noNaN: true }),
  });
  const boxes = fc.array(axis, { maxLength: 5 });
  fc.assert(fc.property(boxes, fc.nat(9), fc.nat(9), (axes, from, to) => {
    const shape = axes.map(({ size }) => size);
    const order = axes.map((_, axis) => axis).sort((a, b) => axes[a].order - axes[b].order);
    const padded = axes.map(({ size, slack }) => size + slack);
    const permuted = rowMajorStrides(order.map((axis) => padded[axis]));
    const strides = axes.map(({ repeated }, axis) => repeated ? 0 : permuted[order.indexOf(axis)]);
    const source = { offset: from, strides };
    const target = { offset: to, strides: rowMajorStrides(padded) };
    const length = 10 + padded.reduce((product, size) => product * size, 1);
    assertEquals(
      copied(shape, source, target, length),
      copiedSlowly(shape, source, target, length),
    );
  }));
});

Deno.test("copyStrided() copies what threads share as it copies what one does", () => {
  const shape = [7, 150, 130];
  const source = { offset: 3, strides: [1, 7, 1050] };
  const target = { offset: 1, strides: rowMajorStrides(shape) };
  const length = 4 + 7 * 150 * 130;
  const [actual, expected] = [copied, copiedSlowly].map((copy) =>
    copy(shape, source, target, length)
  );
  assertEquals(actual.findIndex((value, i) => value !== expected[i]), -1);
});
