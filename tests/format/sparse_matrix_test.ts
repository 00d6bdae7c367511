import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, type FloatDtype, sparseMatrix } from "../../lib/format/mod.ts";
import { floats, someRows } from "./arbitrary_values.ts";

/** Values of which most are zero. */
const matrices = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 12 }),
}).chain(({ rows, columns }) =>
  fc.tuple(floats(rows * columns), fc.infiniteStream(fc.nat(3))).map(([values, kept]) => ({
    ...{ rows, columns },
    values: values.map((value) => kept.next().value === 0 ? value : 0),
  }))
);

Deno.test("SparseMatrix.decode() gives back what sparseMatrix() kept, for any rows", () => {
  fc.assert(fc.property(matrices, fc.gen(), ({ rows, columns, values }, draw) => {
    const [first, end] = draw(someRows, rows);
    const decoded = new Float32Array((end - first) * columns).fill(7);
    sparseMatrix(values, rows, columns).decode(first, decoded);
    const expected = values.slice(first * columns, end * columns);
    assertEquals(decoded, expected.map((value) => value + 0)); // no -0
  }));
});

Deno.test("SparseMatrix.addTo() adds in float32 and leaves the rest as it is", () => {
  fc.assert(fc.property(matrices, fc.gen(), ({ rows, columns, values }, draw) => {
    const [first, end] = draw(someRows, rows);
    const before = draw(floats, (end - first) * columns);
    const sum = before.slice();
    sparseMatrix(values, rows, columns).addTo(first, sum);
    const expected = before.map((value, i) => Math.fround(value + values[first * columns + i]));
    assertEquals(sum.map((value) => value + 0), expected.map((value) => value + 0));
  }));
});

const values = Float32Array.of(0, 1 + 2 ** -20, 0, 0, 0, 0, -3, 0, 5);

for (const [dtype, bytes] of [["F32", 4], ["F16", 2], ["BF16", 2]] as [FloatDtype, number][]) {
  Deno.test(`SparseMatrix stores ${dtype}, a column of 16 bits for each and where rows begin`, () => {
    const matrix = sparseMatrix(values, 3, 3, { dtype });
    assertEquals([matrix.count, matrix.byteLength], [3, 3 * (bytes + 2) + 4 * 4]);
    const rounded = Float32Array.of(0, dtype === "F32" ? values[1] : 1, 0, 0, 0, 0, -3, 0, 5);
    assertEquals(decodeMatrix(matrix), rounded);
  });
}

Deno.test("SparseMatrix finds columns beyond 2^16, then in 32 bits", () => {
  for (const [columns, bytes] of [[2 ** 16, 2], [2 ** 16 + 1, 4]]) {
    const wide = new Float32Array(columns);
    wide[columns - 1] = 2;
    const matrix = sparseMatrix(wide, 1, columns);
    assertEquals(matrix.byteLength, 4 + bytes + 2 * 4);
    assertEquals(decodeMatrix(matrix), wide);
  }
});

Deno.test("sparseMatrix() refuses another shape, SparseMatrix rows that are not there", () => {
  assertThrows(
    () => sparseMatrix(values, 3, 4, { name: "up of layer 3" }),
    InputError,
    "Cannot store up of layer 3: it must hold 3 x 4 values, got 9",
  );
  const matrix = sparseMatrix(values, 3, 3);
  const message = "Cannot read rows of a matrix: they must lie in 0..2, got [2,3]";
  assertThrows(() => matrix.decode(2, new Float32Array(6)), InputError, message);
  assertThrows(() => matrix.addTo(2, new Float32Array(6)), InputError, message);
});
