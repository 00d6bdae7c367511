import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  bitsPerWeight,
  decodeMatrix,
  firstNonFinite,
  floatMatrix,
  sameMatrix,
  type StoredMatrix,
} from "../../lib/format/mod.ts";
import { requireShape, rowsWanted } from "../../lib/format/stored_matrix.ts";

/** `[3, 4]`, each element its row; 18 bytes. */
const matrix: StoredMatrix = {
  rows: 3,
  columns: 4,
  byteLength: 18,
  form: "row numbers",
  decode: (firstRow, into) => into.forEach((_, i) => into[i] = firstRow + Math.floor(i / 4)),
};

Deno.test("decodeMatrix() gives all rows", () => {
  assertEquals(decodeMatrix(matrix), Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2));
});

Deno.test("firstNonFinite() is the first element that is NaN or infinite, row by row", () => {
  const values = (...all: number[]) => floatMatrix("F32", Float32Array.from(all), 3, 2);
  assertEquals(firstNonFinite(values(1, 2, 3, -Infinity, NaN, 6)), {
    ...{ row: 1, column: 1 },
    value: -Infinity,
  });
  assertEquals(firstNonFinite(values(1, NaN, NaN, 4, 5, 6)), { row: 0, column: 1, value: NaN });
  assertEquals(firstNonFinite(values(1, 2, 3, 4, 5, Infinity))?.row, 2);
  assertEquals(firstNonFinite(matrix), undefined);
});

Deno.test("sameMatrix() compares shapes and all values, whatever the form", () => {
  const dense = (values: number[], rows = 3) =>
    floatMatrix("F32", Float32Array.from(values), rows, values.length / rows);
  const values = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
  assertEquals(sameMatrix(matrix, dense(values)), true);
  assertEquals(sameMatrix(dense(values, 4), matrix), false);
  for (const place of values.keys()) {
    assertEquals(sameMatrix(matrix, dense(values.with(place, 7))), false);
  }
  const large = (last: number) => dense([...new Array(299_999).fill(1), last], 300);
  assertEquals(sameMatrix(large(1), large(1)), true);
  assertEquals(sameMatrix(large(1), large(2)), false);
});

Deno.test("bitsPerWeight() spreads all bytes over the elements", () => {
  assertEquals(bitsPerWeight(matrix), 12);
});

Deno.test("rowsWanted() counts whole rows up to the last", () => {
  assertEquals([rowsWanted(matrix, 0, 12), rowsWanted(matrix, 2, 4), rowsWanted(matrix, 3, 0)], [
    3,
    1,
    0,
  ]);
});

for (
  const [what, firstRow, length, rule] of [
    ["part of a row", 0, 5, "there must be room for rows of 4, got 5"],
    ["rows beyond the last", 2, 8, "they must lie in 0..2, got [2,3]"],
    ["rows before the first", -1, 4, "they must lie in 0..2, got [-1,-1]"],
    ["a row between two", 0.5, 4, "they must lie in 0..2, got [0.5,0.5]"],
  ] as const
) {
  Deno.test(`rowsWanted() refuses ${what}`, () => {
    const message = `Cannot read rows of a matrix: ${rule}`;
    assertThrows(() => rowsWanted(matrix, firstRow, length), InputError, message);
  });
}

for (
  const [rows, columns, length, rule] of [
    [0, 4, 0, "rows and columns must be positive integers, got [0,4]"],
    [1.5, 2, 3, "rows and columns must be positive integers, got [1.5,2]"],
    [2, 3, 5, "it must hold 2 x 3 values, got 5"],
  ] as const
) {
  Deno.test(`requireShape() refuses ${rows} x ${columns} of ${length} elements`, () => {
    const message = `Cannot store up of layer 1: ${rule}`;
    assertThrows(() => requireShape(rows, columns, length, "up of layer 1"), InputError, message);
  });
}
