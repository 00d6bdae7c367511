import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  affineMatrix,
  decodeMatrix,
  encodeFloats,
  floatMatrix,
  lowRankMatrix,
} from "../../lib/format/mod.ts";
import { floats, someRows } from "./arbitrary_values.ts";

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 12 }),
  rank: fc.integer({ min: 1, max: 4 }),
});

Deno.test("LowRankMatrix decodes to the product of its factors, rounded once, and adds it", () => {
  fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, rank }, draw) => {
    const [left, right] = [draw(floats, rows * rank), draw(floats, rank * columns)];
    const matrix = lowRankMatrix(
      floatMatrix("F32", left, rank, rows),
      floatMatrix("F32", right, rank, columns),
    );
    const [first, end] = draw(someRows, rows);
    const expected = new Float32Array((end - first) * columns).map((_, i) => {
      const [row, column] = [first + Math.floor(i / columns), i % columns];
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += left[r * rows + row] * right[r * columns + column];
      return sum;
    });
    const decoded = new Float32Array(expected.length).fill(7);
    matrix.decode(first, decoded);
    assertEquals(decoded, expected.map((value) => value + 0)); // no -0
    const added = new Float32Array(expected.length).fill(0.1);
    matrix.addTo(first, added);
    assertEquals(added, expected.map((value) => Math.fround(0.1) + value));
  }));
});

Deno.test("LowRankMatrix takes the bytes of its factors, each stored in its own way", () => {
  const left = floatMatrix("F16", encodeFloats(Float32Array.of(1, 2, 3), "F16"), 1, 3);
  const right = affineMatrix({
    ...{ rows: 1, columns: 4, bits: 8, codes: Uint8Array.of(0, 1, 2, 255) },
    ...{ scale: Float32Array.of(0.5), zeroPoint: Uint8Array.of(1) },
  });
  const matrix = lowRankMatrix(left, right);
  assertEquals([matrix.rows, matrix.columns, matrix.rank], [3, 4, 1]);
  assertEquals(matrix.byteLength, 3 * 2 + 4 + 4 + 1);
  const row = [-0.5, 0, 0.5, 127];
  const expected = [1, 2, 3].flatMap((factor) => row.map((value) => factor * value));
  assertEquals(decodeMatrix(matrix), Float32Array.from(expected));
});

Deno.test("lowRankMatrix() refuses factors of unlike rank, LowRankMatrix rows that are not there", () => {
  const [left, right] = [[2, 2], [3, 1]].map(([rows, columns]) =>
    floatMatrix("F32", new Float32Array(rows * columns), rows, columns)
  );
  assertThrows(
    () => lowRankMatrix(left, right, "up of layer 3"),
    InputError,
    "Cannot store up of layer 3: its right factor must have 2 rows, got 3",
  );
  const message = "Cannot read rows of a matrix: they must lie in 0..1, got [1,2]";
  const matrix = lowRankMatrix(left, left);
  assertThrows(() => matrix.decode(1, new Float32Array(4)), InputError, message);
});
